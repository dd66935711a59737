import { setTimeout as wait } from 'node:timers/promises'
import type { Tally } from '../../src/processes/tally.ts'
import type { Writer } from './writer-pool.ts'

/** Writing requests that each of the two writers of a session sends, one after the other. */
const requests = 25
/** Milliseconds after which a read that missed something is repeated: what is there then was only late. */
const secondRead = 300

/** A process that answers questions, as {@link Writer}. */
export type Answering = Pick<Writer, 'call'>

export interface Answers {
  ask<T>(question: (writer: Answering) => Promise<T>, onUnknown?: () => void): Promise<T>
}

/**
 * One session from login to logout: two writers and a reader at any time, each request to a random process. What was
 * acknowledged is recorded here, outside of the processes, and every read is compared with it.
 */
export async function runSession(pool: Answers, tally: Tally, user: string, isOver: () => boolean): Promise<void> {
  const cookie = await pool.ask((writer) => writer.call('login', user))
  tally.count('sessions')
  tally.count('acknowledged')
  const acknowledged = new Set<number>()
  let next = 0
  let writing = 2
  let isWhole = true

  /** `undefined` when the session is there with all that was acknowledged before the read. */
  async function readAndCompare(expected: readonly number[]): Promise<Difference | undefined> {
    return differenceIn(await pool.ask((writer) => writer.call('read', cookie)), expected, () => next)
  }

  async function check(): Promise<void> {
    const expected = [...acknowledged]
    const first = await readAndCompare(expected)
    if (first === undefined) return
    await wait(secondRead)
    const second = await readAndCompare(expected)
    if (second === undefined) tally.report('stale', `a read found ${first.what}, and a later one found everything`)
    else tally.report(second.kind, second.what)
    isWhole = second === undefined
  }

  async function append(): Promise<void> {
    const step = next++
    let isUnknown = false
    const answer = await pool.ask<boolean | 'not repeated'>(
      async (writer) => (isUnknown ? 'not repeated' : writer.call('append', cookie, step)),
      () => {
        isUnknown = true
        tally.count('unanswered')
      }
    )
    if (answer === false) tally.report('stale', 'a request that writes opened no session')
    if (answer !== true) return
    acknowledged.add(step)
    tally.count('acknowledged')
  }

  async function write(): Promise<void> {
    for (let sent = 0; sent < requests && isWhole && !isOver(); sent++) await append()
    writing--
  }

  async function read(): Promise<void> {
    while (writing > 0 && isWhole) {
      await check()
      await wait(5)
    }
  }

  await Promise.all([write(), write(), read()])
  if (isWhole) await check()
  if (!isWhole) return
  await pool.ask((writer) => writer.call('logout', cookie))
  tally.count('acknowledged')
  const after = await pool.ask((writer) => writer.call('read', cookie))
  if (after !== undefined) tally.report('revived', 'a session was live after its end')
}

interface Difference {
  readonly kind: 'lost' | 'gone' | 'invented'
  readonly what: string
}

/** How a read differs from the steps that were acknowledged. `next`: the first step that was not sent yet. */
function differenceIn(
  found: readonly unknown[] | undefined,
  expected: readonly number[],
  next: () => number
): Difference | undefined {
  if (found === undefined) return { kind: 'gone', what: 'no session' }
  const missing = expected.filter((step) => !found.includes(step))
  if (missing.length > 0) return { kind: 'lost', what: `no change ${missing.join(', ')} of ${expected.length}` }
  const known = new Set(found.map(Number))
  const unsent = [...known].filter((step) => step >= next())
  if (unsent.length > 0 || known.size < found.length) return { kind: 'invented', what: `changes ${found.join(', ')}` }
  return undefined
}
