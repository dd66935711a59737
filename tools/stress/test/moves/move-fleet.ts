import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { ProcessEnded, startProcess, type TestProcess } from '../../src/processes/test-process.ts'
import type { RacingCommands, RacingOptions } from '../races/racing-process.ts'

/** Where the sessions are at first, and where they move to. */
export interface Move {
  readonly from: { readonly driver: string; readonly address: string }
  readonly to: { readonly driver: string; readonly address: string }
}

export interface MoveOptions {
  /** Over the whole move, in sessions that no request ends. */
  readonly increments: number
  /** Sessions that are ended on the way. */
  readonly endings: number
  below(limit: number): number
}

export interface MoveOutcome {
  readonly acknowledged: number
  readonly unanswered: number
  readonly killed: number
  /** Values that `moveAll` has moved. */
  readonly movedAtRest: number
  readonly loggedOut: number
  /** Acknowledged increments that are missing at the end, and those that were counted twice. */
  readonly lost: number
  readonly doubled: number
  readonly resurrected: number
  readonly unlisted: number
}

const script = join(import.meta.dirname, '../races/racing-process.ts')
const user = 'mover'
const counters = 20
/** How many requests are under way at a time. */
const inFlight = 16

type Process = TestProcess<RacingCommands>

interface Fleet {
  readonly processes: Process[]
  /** The cookies of sessions that count, with the increments that were acknowledged and that were not. */
  readonly counting: { readonly cookie: string; acknowledged: number; unanswered: number }[]
  readonly ended: string[]
  live: string[]
}

/** Three deployments, each process by process, under load; one process of the second is killed at some moment. */
export async function moveFleet({ from, to }: Move, { increments, endings, below }: MoveOptions): Promise<MoveOutcome> {
  const secret = randomBytes(33).toString('base64')
  const start = (place: Move['from'], options: RacingOptions = {}): Promise<Process> =>
    startProcess<RacingCommands>(script, { args: [place.driver, place.address, secret, JSON.stringify(options)] })
  const deployments: readonly (() => Promise<Process>)[] = [
    () => start(from),
    () => start(from, { target: { ...to, stage: 'prepare' } }),
    () => start(from, { target: { ...to, stage: 'move' } }),
    () => start(to)
  ]
  const [first, ...later] = deployments
  const fleet: Fleet = { processes: [], counting: [], ended: [], live: [] }
  for (let i = 0; first && i < 2; i++) fleet.processes.push(await first())
  let killed = 0
  let movedAtRest = 0
  try {
    await logIn(fleet, endings)
    for (const [index, deploy] of later.entries()) {
      for (let place = 0; place < fleet.processes.length; place++) {
        const [replaced] = fleet.processes.splice(place, 1, await deploy())
        await replaced?.stop()
        const isMoving = index === 1 && place === 1
        const load = runLoad(fleet, { increments: increments / 6, endings: endings / 6, below })
        if (isMoving) {
          movedAtRest = await moveBesideLoad(fleet, deploy)
          killed = 1
        }
        await load
      }
    }
    return { ...(await audit(fleet)), killed, movedAtRest }
  } finally {
    await Promise.all(fleet.processes.map((process) => process.stop()))
  }
}

async function logIn(fleet: Fleet, endings: number): Promise<void> {
  const call = (turn: number): Promise<string> => anyOf(fleet, turn).call('login', user)
  for (let i = 0; i < counters; i++) fleet.counting.push({ cookie: await call(i), acknowledged: 0, unanswered: 0 })
  for (let i = 0; i < endings; i += inFlight) {
    const users = Array.from({ length: Math.min(inFlight, endings - i) }, (_, index) => `${user}-${i + index}`)
    fleet.live.push(...(await Promise.all(users.map((one, turn) => anyOf(fleet, turn).call('login', one)))))
  }
}

/** Kills one process while it moves what no request writes; another one finishes that. */
async function moveBesideLoad(fleet: Fleet, deploy: () => Promise<Process>): Promise<number> {
  const [killed] = fleet.processes
  const interrupted = killed?.call('moveAll').catch(() => 0)
  await killed?.whenAnswered(killed.answers + inFlight)
  await killed?.kill()
  await interrupted
  fleet.processes.splice(0, 1, await deploy())
  let moved = 0
  for (;;) {
    const more = await anyOf(fleet, 0).call('moveAll')
    moved += more
    if (more === 0) return moved
  }
}

function anyOf({ processes }: Fleet, turn: number): Process {
  const process = processes[turn % processes.length]
  if (!process) throw new Error('no process runs')
  return process
}

/** Increments and endings in random order, from several visitors at a time, through all processes. */
async function runLoad(fleet: Fleet, { increments, endings, below }: MoveOptions): Promise<void> {
  let [left, ends] = [increments, Math.floor(endings)]
  const visit = async (): Promise<void> => {
    while (left > 0) {
      left--
      if (ends > 0 && below(Math.max(1, Math.floor(left / ends))) === 0) {
        ends--
        await end(fleet, below)
      }
      await increment(fleet, below)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, visit))
}

async function increment(fleet: Fleet, below: MoveOptions['below']): Promise<void> {
  const counter = fleet.counting[below(fleet.counting.length)]
  if (!counter) return
  try {
    await anyOf(fleet, below(2)).call('increment', counter.cookie)
    counter.acknowledged++
  } catch (error) {
    if (!(error instanceof ProcessEnded)) throw error
    counter.unanswered++
  }
}

/** A session counts as ended once the logout was acknowledged. */
async function end(fleet: Fleet, below: MoveOptions['below']): Promise<void> {
  const [cookie] = fleet.live.splice(below(fleet.live.length), 1)
  if (cookie === undefined) return
  try {
    await anyOf(fleet, below(2)).call('logout', cookie)
    fleet.ended.push(cookie)
  } catch (error) {
    if (!(error instanceof ProcessEnded)) throw error
  }
}

async function audit(fleet: Fleet): Promise<Omit<MoveOutcome, 'killed' | 'movedAtRest'>> {
  const { counting, ended, live } = fleet
  const opens = async (cookie: string): Promise<boolean> => (await anyOf(fleet, 0).call('read', cookie)) !== undefined
  const countOf = async (cookies: readonly string[], wanted: boolean): Promise<number> => {
    let found = 0
    for (const cookie of cookies) if ((await opens(cookie)) === wanted) found++
    return found
  }
  let [lost, doubled, loggedOut] = [0, 0, await countOf(live, false)]
  for (const { cookie, acknowledged, unanswered } of counting) {
    const session = await anyOf(fleet, 1).call('read', cookie)
    if (!session) loggedOut++
    const count = Number(session?.data.count ?? 0)
    lost += Math.max(0, acknowledged - count)
    doubled += Math.max(0, count - acknowledged - unanswered)
  }
  return {
    acknowledged: counting.reduce((sum, one) => sum + one.acknowledged, 0),
    unanswered: counting.reduce((sum, one) => sum + one.unanswered, 0),
    loggedOut,
    lost,
    doubled,
    resurrected: await countOf(ended, true),
    unlisted: counting.length - (await anyOf(fleet, 0).call('count', user))
  }
}
