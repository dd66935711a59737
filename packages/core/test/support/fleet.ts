import {
  createMemoryStore,
  createSessionManager,
  isSessionError,
  type Session,
  type SessionManager,
  type SessionManagerOptions
} from '../../src/index.ts'
import { type CookieJar, createCookieJar } from './cookie-jar.ts'
import { secret } from './fixture.ts'

type Options = Partial<SessionManagerOptions>

/** The options of every process of a fleet between two deployments. */
export interface Stage {
  readonly options: Options
  /** A second manager, which opens the sessions that it made and makes none. */
  readonly beside?: Options
  /** How long the stage before this one lasts, ms. */
  readonly after?: number
}

/** Which of two processes is deployed first; or one is deployed, rolled back and deployed again. */
export type Order = 'first process first' | 'second process first' | 'one step back'

export interface Rollout {
  readonly stages: readonly Stage[]
  readonly order: Order
  readonly now: { value: number }
  /** The size of the data that each visitor stores as soon as a process accepts it, in bytes. Default 100. */
  readonly bytes?: number
  /** Visitors change nothing once they are logged in. */
  readonly readOnly?: boolean
  /** The data may be lost, the session not. */
  readonly ignoresData?: boolean
}

export interface Outcome {
  readonly visitors: number
  /** Visitors whose session was missing, had another user, or had lost data, at least once. */
  readonly loggedOut: number
  /** Visitors whose session is still live after `revokeAll` for their user. */
  readonly missed: number
}

interface Process {
  readonly manager: SessionManager
  readonly beside: SessionManager | undefined
}

interface Visitor {
  readonly number: number
  readonly userId: string | undefined
  readonly permanent: boolean
  readonly jar: CookieJar
  /** When the session began; `undefined`: there is none yet. */
  since: number | undefined
  /** The acknowledged value of the counter in the data. */
  count: number
  /** The acknowledged length of the string in the data. */
  length: number
  loggedOut: boolean
}

const minute = 60_000
const visitors = 8
const lifetimes: Options = { idleTimeout: '1h', absoluteTimeout: '2h', permanentLifetime: '3h' }

/** The longest lifetime of a session in a fleet, unless its options say otherwise, ms. */
export const longest: number = 180 * minute

/**
 * Deploys one stage after the other to two processes on one store. Before, between and after, eight visitors send
 * requests to both of them: they read, write, swap secrets, and send two requests at once. No session reaches a limit of
 * any stage: visitors leave before, and come back as new ones.
 */
export async function rollOut({ stages, order, now, ...traffic }: Rollout): Promise<Outcome> {
  const clock = { now: () => now.value, sleep: () => Promise.resolve() }
  const store = createMemoryStore({ clock })
  const create = (options: Options): SessionManager =>
    createSessionManager({ store, secret, clock, ...lifetimes, ...options })
  const processes = stages.map(
    ({ options, beside }): Process => ({ manager: create(options), beside: beside && create(beside) })
  )
  const fleet = Array.from({ length: visitors }, (_, number) => createVisitor(number, traffic.readOnly, clock.now))
  const shortest = shortestLifetimes(processes)
  let round = 0

  async function serve(pair: readonly [Process, Process], pause: number, rounds: number): Promise<void> {
    for (const end = round + rounds; round < end; round++) {
      now.value += pause
      await Promise.all(
        fleet.map((visitor) => {
          const limit = visitor.permanent ? shortest.permanent : shortest.ordinary
          if (visitor.since !== undefined && now.value - visitor.since > limit - 20 * minute) leave(visitor)
          return visit({ visitor, pair, round, now: now.value, ...traffic })
        })
      )
    }
  }

  for (const [place, next] of processes.entries()) {
    const before = processes[place - 1]
    if (before) {
      const wait = stages[place]?.after ?? 0
      await serve([before, before], 20 * minute, Math.ceil(wait / (20 * minute)))
      for (const pair of mixedPairs(order, before, next)) await serve(pair, 2 * minute, 8)
    }
    await serve([next, next], 2 * minute, 4)
  }
  const last = processes.at(-1)
  return {
    visitors,
    loggedOut: fleet.filter(({ loggedOut }) => loggedOut).length,
    missed: last ? await countMissed(last, fleet) : 0
  }
}

/** The options of the two processes during a deployment, one after the other. */
function mixedPairs(order: Order, before: Process, next: Process): readonly (readonly [Process, Process])[] {
  if (order === 'first process first') return [[next, before]]
  if (order === 'second process first') return [[before, next]]
  return [
    [next, before],
    [before, before],
    [before, next]
  ]
}

function shortestLifetimes(processes: readonly Process[]): { readonly ordinary: number; readonly permanent: number } {
  const policies = processes.map(({ manager }) => manager.policy)
  return {
    ordinary: Math.min(...policies.map(({ absoluteTimeout }) => absoluteTimeout)),
    permanent: Math.min(
      ...policies.map(({ permanentLifetime, maxLifetime }) => Math.min(permanentLifetime, maxLifetime))
    )
  }
}

function createVisitor(number: number, readOnly: boolean | undefined, now: () => number): Visitor {
  // One in four has no user; the others share two.
  const userId = number % 4 === 3 ? undefined : `user ${number % 2}`
  const permanent = !readOnly && number % 3 === 1
  return {
    number,
    userId,
    permanent,
    jar: createCookieJar(now),
    since: undefined,
    count: 0,
    length: 0,
    loggedOut: false
  }
}

function leave(visitor: Visitor): void {
  visitor.jar.clear()
  visitor.since = undefined
}

interface Visit extends Pick<Rollout, 'bytes' | 'readOnly' | 'ignoresData'> {
  readonly visitor: Visitor
  readonly pair: readonly [Process, Process]
  readonly round: number
  readonly now: number
}

async function visit(visit: Visit): Promise<void> {
  const { visitor, pair, round } = visit
  const process = pair[(visitor.number + round) % 2] ?? pair[0]
  const opened = await open(process, visitor.jar.header())
  const { session } = opened
  const lost = visitor.since !== undefined && !isIntact(visit, session)
  if (lost) visitor.loggedOut = true
  if (lost || visitor.since === undefined) return signIn(visit, opened)
  await act(visit, session)
  if (await commit(visitor, opened)) visitor.length = lengthOf(session)
  if (visit.readOnly || round % 2 === 0) return undefined
  await sendTwoAtOnce(visit)
}

interface Opened {
  readonly session: Session
  readonly manager: SessionManager
}

async function open({ manager, beside }: Process, cookies: string): Promise<Opened> {
  const known = beside && (await openLoaded(beside, cookies))
  if (beside && known && !known.isNew) return { session: known, manager: beside }
  return { session: await openLoaded(manager, cookies), manager }
}

async function openLoaded(manager: SessionManager, cookies: string): Promise<Session> {
  const session = await manager.open(cookies)
  await session.load()
  return session
}

/** Data that is too large for the limits of a process is refused, which is no logout. Returns whether all was stored. */
async function commit({ jar }: Visitor, { session, manager }: Opened): Promise<boolean> {
  try {
    jar.receive((await manager.commit(session)).headers)
    return true
  } catch (error) {
    if (!isSessionError(error) || error.code !== 'RECORD_TOO_LARGE') throw error
    jar.receive(manager.responseHeaders(session))
    return false
  }
}

function isIntact({ visitor, ignoresData }: Visit, session: Session): boolean {
  if (session.isNew || session.userId !== visitor.userId) return false
  if (ignoresData) return true
  return session.data.count === visitor.count && lengthOf(session) === visitor.length
}

function lengthOf({ data }: Session): number {
  return String(data.note ?? '').length
}

async function signIn({ visitor, now }: Visit, opened: Opened): Promise<void> {
  const { session } = opened
  const { userId, permanent } = visitor
  Object.assign(session.data, { count: 0, note: '', ...(userId !== undefined && { user: userId }) })
  session.permanent = permanent
  if (userId !== undefined) await session.login(userId)
  await commit(visitor, opened)
  visitor.since = now
  visitor.count = 0
  visitor.length = 0
}

/** The handler of this request: nothing, a change at commit, a change at once, or a new secret. */
async function act({ visitor, round, readOnly, bytes = 100 }: Visit, session: Session): Promise<void> {
  // Every second request goes to the other process: within eight, each does all of it.
  const what = readOnly ? 0 : ((visitor.number + round) >> 1) % 4
  if (what === 1) Object.assign(session.data, { seen: round, note: 'x'.repeat(bytes) })
  if (what === 2) await countUp(visitor, session)
  if (what === 3) await session.regenerate()
}

async function countUp(visitor: Visitor, session: Session): Promise<void> {
  const next = visitor.count + 1
  const counting = session.update((data) => {
    data.count = next
  })
  await counting.then(
    () => {
      visitor.count = next
    },
    (error: unknown) => {
      if (!isSessionError(error) || error.code !== 'RECORD_TOO_LARGE') throw error
    }
  )
}

/** Two tabs, one request through each process, each writing a key of its own. */
async function sendTwoAtOnce(visit: Visit): Promise<void> {
  const { visitor, pair, round } = visit
  const cookies = visitor.jar.header()
  const opened = await Promise.all(pair.map((process) => open(process, cookies)))
  for (const [place, { session }] of opened.entries()) {
    if (isIntact(visit, session)) session.data[`tab${place}`] = round
    else visitor.loggedOut = true
  }
  await Promise.all(opened.map((one) => commit(visitor, one)))
}

async function countMissed(last: Process, fleet: readonly Visitor[]): Promise<number> {
  const users = new Set(fleet.map(({ userId }) => userId).filter((userId) => userId !== undefined))
  const managers = last.beside ? [last.manager, last.beside] : [last.manager]
  for (const manager of managers) for (const userId of users) await manager.revokeAll(userId)
  let missed = 0
  for (const { userId, jar } of fleet) {
    const { session } = await open(last, jar.header())
    if (userId !== undefined && !session.isNew) missed++
  }
  return missed
}
