import { pairsOf } from './cell.ts'
import { type ContentionSubject, contentionSubjects } from './contention.ts'

/** What N writers of one session came to. */
export interface ContentionResult {
  /** Milliseconds an operation of the store. */
  readonly delay: number
  readonly subject: string
  readonly writers: number
  /** `own`: each writer adds to a field of its own; `one`: all add to one counter. */
  readonly fields: 'own' | 'one'
  readonly requests: number
  /** Answered as stored, and not there afterwards. */
  readonly lost: number
  readonly retries: number | undefined
  readonly seconds: number
}

export const writerCounts = [1, 8, 64] as const

/** Every subject once, with a fresh store each. Call it again for another round. */
export async function runContention(delay: number, milliseconds: number): Promise<ContentionResult[]> {
  const results: ContentionResult[] = []
  for (const writers of writerCounts) {
    for (const fields of ['own', 'one'] as const) {
      for (const [name, make] of Object.entries(contentionSubjects)) {
        results.push(await compete(name, make(delay), { delay, writers, fields }, milliseconds))
      }
    }
  }
  return results
}

/** Writers on one session, each sending its next request when the one before was answered. */
export async function compete(
  subject: string,
  application: ContentionSubject,
  kind: Pick<ContentionResult, 'delay' | 'writers' | 'fields'>,
  milliseconds: number
): Promise<ContentionResult> {
  const { writers, fields } = kind
  const cookie = pairsOf(await application.add('begin', ''))
  let requests = 0
  const begin = performance.now()
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      const field = fields === 'own' ? `writer${writer}` : 'counter'
      do {
        await application.add(field, cookie)
        requests++
      } while (performance.now() - begin < milliseconds)
    })
  )
  const seconds = (performance.now() - begin) / 1000
  const { begin: _, ...counted } = await application.stored(cookie)
  const kept = Object.entries(counted).reduce(
    (sum, [field, count]) => sum + (/^(?:writer\d+|counter)$/.test(field) ? Number(count) : 0),
    0
  )
  return { ...kind, subject, requests, lost: requests - kept, retries: application.retries(), seconds }
}
