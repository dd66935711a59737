import { type ContentionSubject, contentionSubjects } from '../applications/contention.ts'
import { pairsOf } from '../applications/scenario.ts'
import type { Measurement, RunOptions, Section } from '../results.ts'
import { formatNumber, median } from '../statistics.ts'
import { atLeast, contentionLimit } from '../targets.ts'

/** Milliseconds of a store operation. */
const delay = 1
/** `own`: each writer adds to a field of its own; `one`: all add to one counter. */
const kinds = ([1, 8, 64] as const).flatMap((writers) => (['own', 'one'] as const).map((field) => ({ writers, field })))
type Kind = (typeof kinds)[number]

/** Several requests at once that write to one session. */
export const contentionSection: Section = {
  name: 'contention',
  title: 'Many writers on one session',
  about:
    'Requests that each add 1 to a number in one session, on Express, in process, with a store 1 ms away. *Lost*: the response reported success, but ' +
    'the update is missing afterwards. *Own field*: each writer has its own counter; *one counter*: all writers share one, which only `update()` ' +
    'increments correctly, because a handler that reads, adds and writes back overwrites the additions of others.',
  parts: ['writers'],
  run: (_, options) => measure(options)
}

/** The result of N writers of one session. */
export interface Contention {
  readonly requests: number
  readonly lost: number
  readonly seconds: number
}

async function measure({ quick }: RunOptions): Promise<Measurement> {
  const names = Object.keys(contentionSubjects)
  const found = new Map<string, Contention[]>()
  const of = (name: string, { writers, field }: Kind): Contention[] => found.get(`${name}|${writers}|${field}`) ?? []
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const kind of kinds) {
      for (const [name, make] of Object.entries(contentionSubjects)) {
        const one = await compete(make(delay), kind, quick ? 100 : 400)
        found.set(`${name}|${kind.writers}|${kind.field}`, [...of(name, kind), one])
      }
    }
  }
  const contended = { writers: 64, field: 'own' } as const
  const { lost, rate } = summarise(of('kvsession, update()', contended))
  const ratio = rate / summarise(of('express-session', contended)).rate
  return {
    tables: [
      {
        title: 'Updates a second / lost',
        columns: [
          'writers',
          ...kinds.map(({ writers, field }) => `${writers}, ${field === 'own' ? 'own field' : 'one counter'}`)
        ],
        rows: names.map((name) => [
          name,
          ...kinds.map((kind) => {
            const one = summarise(of(name, kind))
            return `${formatNumber(one.rate)} / ${one.lost === 0 ? '0' : `${(one.lost * 100).toFixed(1)} %`}`
          })
        ])
      }
    ],
    verdicts: [
      { target: '64 writers, updates lost', wanted: '0', reached: String(lost), met: lost === 0 },
      atLeast('64 writers, updates a second to express-session', contentionLimit, ratio)
    ]
  }
}

/** Updates a second, and the share that was lost. */
function summarise(all: readonly Contention[]): { readonly rate: number; readonly lost: number } {
  return {
    rate: median(all.map(({ requests, seconds }) => requests / seconds)),
    lost: all.reduce((sum, one) => sum + one.lost, 0) / all.reduce((sum, one) => sum + one.requests, 0)
  }
}

/** Writers on one session, each sending its next request after the answer to the one before. */
export async function compete(
  subject: ContentionSubject,
  { writers, field }: { readonly writers: number; readonly field: 'own' | 'one' },
  milliseconds: number
): Promise<Contention> {
  const cookie = pairsOf(await subject.add('begin', ''))
  let requests = 0
  const began = performance.now()
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      do {
        await subject.add(field === 'own' ? `writer${writer}` : 'counter', cookie)
        requests++
      } while (performance.now() - began < milliseconds)
    })
  )
  const seconds = (performance.now() - began) / 1000
  const stored = Object.entries(await subject.stored(cookie))
  const kept = stored.reduce((sum, [name, count]) => sum + (/^writer|^counter/.test(name) ? Number(count) : 0), 0)
  return { requests, lost: requests - kept, seconds }
}
