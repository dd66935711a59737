import { setTimeout as wait } from 'node:timers/promises'
import { noteFault, type ParallelKillTally } from './parallel-kill-tally.ts'
import type { WritingCrew } from './writing-crew.ts'

/** Writing requests that each of the two writers of a session sends, one after the other. */
const requests = 25
/** ms after which a read that missed something is repeated: what is there then was only late. */
const secondLook = 300

/**
 * One session from login to logout: two writers and a reader at any time, each request to any process. What was
 * acknowledged is noted here, outside of the processes, and every read is compared with it.
 */
export async function liveOneSession(
  crew: WritingCrew,
  tally: ParallelKillTally,
  user: string,
  isOver: () => boolean
): Promise<void> {
  const cookie = await crew.ask((writer) => writer.login(user))
  tally.sessions++
  tally.acknowledged++
  const acknowledged = new Set<number>()
  let next = 0
  let writing = 2
  let whole = true

  /** `undefined` when the session is there with all that was acknowledged before it is read. */
  async function look(expected: readonly number[]): Promise<Difference | undefined> {
    return differenceIn(await crew.ask((writer) => writer.read(cookie)), expected, () => next)
  }

  async function compare(): Promise<void> {
    const expected = [...acknowledged]
    const first = await look(expected)
    if (first === undefined) return
    await wait(secondLook)
    const second = await look(expected)
    if (second === undefined) noteFault(tally, 'stale', `a read found ${first.what}, and a later one all`)
    else noteFault(tally, second.kind, second.what)
    whole = second === undefined
  }

  async function append(): Promise<void> {
    const step = next++
    let doubtful = false
    const answer = await crew.ask(
      (writer) => (doubtful ? Promise.resolve('not asked again') : writer.append(cookie, step)),
      () => {
        doubtful = true
        tally.inDoubt++
      }
    )
    if (answer === 'nobody') noteFault(tally, 'stale', 'a request that writes opened no session')
    if (answer !== '') return
    acknowledged.add(step)
    tally.acknowledged++
  }

  async function write(): Promise<void> {
    for (let sent = 0; sent < requests && whole && !isOver(); sent++) await append()
    writing--
  }

  async function read(): Promise<void> {
    while (writing > 0 && whole) {
      await compare()
      await wait(5)
    }
  }

  await Promise.all([write(), write(), read()])
  if (whole) await compare()
  if (!whole) return
  await crew.ask((writer) => writer.logout(cookie))
  tally.acknowledged++
  const after = await crew.ask((writer) => writer.read(cookie))
  if (after !== 'nobody') noteFault(tally, 'revived', 'a session was live after its end')
}

interface Difference {
  readonly kind: 'lost' | 'gone' | 'invented'
  readonly what: string
}

/** What a read shows that should not be, or does not show that should. `next`: the first step that nobody has taken. */
function differenceIn(read: string, expected: readonly number[], next: () => number): Difference | undefined {
  if (read === 'nobody') return { kind: 'gone', what: 'no session' }
  const found: unknown = JSON.parse(read)
  if (!Array.isArray(found)) return { kind: 'invented', what: read }
  const missing = expected.filter((step) => !found.includes(step))
  if (missing.length > 0) return { kind: 'lost', what: `no change ${missing.join(', ')} of ${expected.length}` }
  const known = new Set(found.map(Number))
  const strange = [...known].filter((step) => step >= next())
  if (strange.length > 0 || known.size < found.length) return { kind: 'invented', what: `changes ${found.join(', ')}` }
  return undefined
}
