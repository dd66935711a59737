import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { scramble } from './write-steps.ts'
import { Refused, startWriter, Unanswered, type Writer, type WriterOptions } from './writing-team.ts'

/** Sessions at any time, with two requests each under way that write: 16 writes in flight. */
export const lanes = 8
/** Pairs of writing requests in the life of a session. */
const rounds = 25
/** A campaign that finds more than this is over. */
const mostFaults = 100
/** ms; the requests themselves give up after 15 s. */
const longestSilence = 40_000

export interface ParallelKillOptions extends Omit<WriterOptions, 'secret'> {
  /** Processes that write at any time. */
  readonly writers: number
}

export interface ParallelKillTally {
  kills: number
  /** Logins, changes and logouts that were acknowledged. */
  acknowledged: number
  /** Changes of which nobody knows: their process was killed before it answered. */
  inDoubt: number
  sessions: number
  /** What should not be, by kind. */
  readonly faults: Readonly<Record<Fault, string[]>>
}

export type Fault = 'lost' | 'gone' | 'stale' | 'invented' | 'revived' | 'failed' | 'fallen'

/**
 * Processes serve eight sessions, two writes at once in each, and one after the other is killed in the midst of it and
 * replaced. What was acknowledged is noted here, outside of them, and every session is compared with it.
 */
export async function killParallelWriters(
  { writers, ...options }: ParallelKillOptions,
  kills: number,
  seed: number
): Promise<ParallelKillTally> {
  const own: WriterOptions = { ...options, secret: randomBytes(33).toString('base64') }
  const faults: Record<Fault, string[]> = {
    lost: [],
    gone: [],
    stale: [],
    invented: [],
    revived: [],
    failed: [],
    fallen: []
  }
  const tally: ParallelKillTally = { kills: 0, acknowledged: 0, inDoubt: 0, sessions: 0, faults }
  const active: Writer[] = []
  let draws = 0
  let started = 0
  let over = false

  const draw = (below: number): number => scramble(seed * 1_000_003 + draws++) % Math.max(1, below)
  const note = (fault: Fault, what: string): void => {
    faults[fault].push(`after ${tally.kills} kills, ${what}`)
  }

  function prepare(): Promise<Writer> {
    const writer = startWriter(own, started++)
    writer.catch(() => undefined)
    return writer
  }

  async function activate(writer: Writer): Promise<void> {
    void writer.ended.then((why) => {
      if (over) return
      remove(writer)
      note('fallen', why)
    })
    await writer.open()
    active.push(writer)
  }

  function remove(writer: Writer): void {
    const at = active.indexOf(writer)
    if (at >= 0) active.splice(at, 1)
  }

  /** Asks one of those that live, again until one has answered. `doubt` hears of each that died over it. */
  async function anyone(ask: (writer: Writer) => Promise<string>, doubt?: () => void): Promise<string> {
    for (;;) {
      if (Object.values(faults).flat().length > mostFaults) throw new Error(describeFaults(faults))
      const writer = active[draw(active.length)]
      if (writer === undefined) {
        if (faults.fallen.length > 0) throw new Error(`nobody lives:\n${describeFaults(faults)}`)
        // The only one was killed, and the next one opens the store.
        await wait(2)
        continue
      }
      try {
        return await ask(writer)
      } catch (error) {
        if (error instanceof Refused) {
          note('failed', error.message)
          await wait(20)
        } else if (!(error instanceof Unanswered)) throw error
        doubt?.()
      }
    }
  }

  async function serveSession(lane: number): Promise<void> {
    const cookie = await anyone((writer) => writer.login(`user${lane}`))
    tally.sessions++
    tally.acknowledged++
    const ledger = { acknowledged: new Set<number>(), doubtful: new Set<number>(), next: 0 }

    /** `true` when the session is there with all that was acknowledged before it is read. */
    async function compare(): Promise<boolean> {
      const expected = [...ledger.acknowledged]
      const first = faultIn(await anyone((writer) => writer.read(cookie)), expected, ledger.next)
      if (first === undefined) return true
      await wait(300)
      const second = faultIn(await anyone((writer) => writer.read(cookie)), expected, ledger.next)
      if (second === undefined) note('stale', `a read found ${first.what}, which a later one found`)
      else note(second.kind, second.what)
      return second === undefined
    }

    async function append(): Promise<void> {
      const step = ledger.next++
      const answer = await anyone(
        (writer) => (ledger.doubtful.has(step) ? Promise.resolve('given up') : writer.append(cookie, step)),
        () => {
          ledger.doubtful.add(step)
          tally.inDoubt++
        }
      )
      if (answer === '') {
        ledger.acknowledged.add(step)
        tally.acknowledged++
      } else if (answer === 'nobody') {
        ledger.doubtful.add(step)
        note('stale', 'a request that writes opened no session')
      }
    }

    let there = true
    let writing = 2
    async function write(): Promise<void> {
      for (let round = 0; round < rounds && !over && there; round++) await append()
      writing--
    }
    async function read(): Promise<void> {
      while (writing > 0 && there) {
        there = await compare()
        await wait(5)
      }
    }
    await Promise.all([write(), write(), read()])
    if (!there || !(await compare())) return
    await anyone((writer) => writer.logout(cookie))
    tally.acknowledged++
    if ((await anyone((writer) => writer.read(cookie))) !== 'nobody')
      note('revived', 'a session was live after its end')
  }

  async function serveLane(lane: number): Promise<void> {
    while (!over) await serveSession(lane)
  }

  async function killOnes(): Promise<void> {
    let next = prepare()
    while (tally.kills < kills && active.length > 0) {
      const victim = active[draw(active.length)]
      if (victim === undefined) return
      // Some die soon after their start, others after a while, and anywhere within what they do.
      const answered = victim.whenAnswered(victim.answers + draw(40)).then(() => true)
      if (!(await Promise.race([answered, wait(longestSilence, false, { ref: false })]))) {
        note('failed', `no answer for ${longestSilence} ms`)
      }
      await wait(draw(12))
      remove(victim)
      await victim.kill()
      tally.kills++
      const spare = await next
      next = prepare()
      // One in eight dies while it opens the store, as another one does.
      if (draw(8) === 0) {
        const opening = spare.open().catch(() => '')
        await wait(draw(12))
        await spare.kill()
        await opening
        tally.kills++
        const other = await next
        next = prepare()
        await activate(other)
      } else await activate(spare)
      while (active.length < writers) {
        const more = await next
        next = prepare()
        await activate(more)
      }
    }
    over = true
    await (await next).kill()
  }

  try {
    for (const writer of await Promise.all(Array.from({ length: writers }, prepare))) await activate(writer)
    const serving = Promise.all(Array.from({ length: lanes }, (_, lane) => serveLane(lane)))
    await Promise.all([killOnes(), serving])
  } finally {
    over = true
    await Promise.all(active.map((writer) => writer.kill()))
  }
  return tally
}

/** The first few of each kind. */
export function describeFaults(faults: ParallelKillTally['faults']): string {
  return Object.entries(faults)
    .filter(([, found]) => found.length > 0)
    .map(([fault, found]) => `${found.length} ${fault}:\n${found.slice(0, 5).join('\n')}`)
    .join('\n')
}

interface Difference {
  readonly kind: 'lost' | 'gone' | 'invented'
  readonly what: string
}

/** What a read shows that should not be, or does not show that should. */
function faultIn(read: string, expected: readonly number[], next: number): Difference | undefined {
  if (read === 'nobody') return { kind: 'gone', what: 'no session' }
  const found: unknown = JSON.parse(read)
  if (!Array.isArray(found)) return { kind: 'invented', what: read }
  const missing = expected.filter((step) => !found.includes(step))
  if (missing.length > 0) return { kind: 'lost', what: `no change ${missing.join(', ')} of ${expected.length}` }
  const known = new Set(found.map(Number))
  const strange = [...known].filter((step) => step >= next)
  if (strange.length > 0 || known.size < found.length) return { kind: 'invented', what: `changes ${found.join(', ')}` }
  return undefined
}
