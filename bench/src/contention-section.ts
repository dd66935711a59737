import { type ContentionResult, runContention, writerCounts } from './contention-run.ts'
import { atLeast, type Section, type Table } from './figures.ts'
import { quantile, shown } from './statistics.ts'

/** Several requests at once for one session: what is counted, and what is left of it. */
export const contentionSection: Section = {
  name: 'contention',
  title: 'Many writers on one session',
  about:
    'Requests that each add 1 to a number in one session, in process. *Lost*: answered as stored, and not there afterwards. ' +
    '*Own field*: every writer counts in a field of its own; *one counter*: all in the same, where only `update()` can keep count: ' +
    'who reads, adds and writes back overwrites what others added meanwhile, unless told otherwise.',
  async run(quick) {
    const delays = [0, 1]
    const rounds: ContentionResult[] = []
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      for (const delay of delays) rounds.push(...(await runContention(delay, quick ? 100 : 400)))
    }
    const update = 'kvsession on Express, update()'
    const worst = rounds.filter(({ subject, writers }) => subject === update && writers === 64)
    const ratios = delays.map(
      (delay) => rate(rounds, update, 64, 'own', delay) / rate(rounds, 'express-session', 64, 'own', delay)
    )
    return {
      tables: delays.map((delay) => tableOf(rounds, delay)),
      verdicts: [
        {
          target: '64 writers, updates lost',
          wanted: '0',
          reached: String(worst.reduce((sum, { lost }) => sum + lost, 0)),
          met: worst.every(({ lost }) => lost === 0)
        },
        ...delays.map((delay, index) =>
          atLeast(
            `64 writers, updates a second against express-session, ${placeOf(delay)}`,
            0.5,
            ratios[index] ?? Number.NaN
          )
        )
      ]
    }
  }
}

function placeOf(delay: number): string {
  return delay === 0 ? 'store in memory' : `store ${delay} ms away`
}

function tableOf(rounds: readonly ContentionResult[], delay: number): Table {
  const subjects = [...new Set(rounds.map(({ subject }) => subject))]
  const kinds = writerCounts.flatMap((writers) => (['own', 'one'] as const).map((fields) => ({ writers, fields })))
  return {
    title: `Updates a second / lost / retries, ${placeOf(delay)}`,
    columns: [
      'writers',
      ...kinds.map(({ writers, fields }) => `${writers}, ${fields === 'own' ? 'own field' : 'one counter'}`)
    ],
    rows: subjects.map((subject) => [
      subject,
      ...kinds.map(({ writers, fields }) => {
        const mine = rounds.filter(
          (one) => one.subject === subject && one.writers === writers && one.fields === fields && one.delay === delay
        )
        const lost = mine.reduce((sum, one) => sum + one.lost, 0) / mine.reduce((sum, one) => sum + one.requests, 0)
        const retries = mine.reduce((sum, one) => sum + (one.retries ?? Number.NaN), 0) / mine.length
        const lostShown = lost === 0 ? '0' : `${(lost * 100).toFixed(lost < 0.1 ? 1 : 0)} %`
        return `${shown(rate(rounds, subject, writers, fields, delay))} / ${lostShown} / ${shown(retries)}`
      })
    ])
  }
}

function rate(
  rounds: readonly ContentionResult[],
  subject: string,
  writers: number,
  fields: string,
  delay: number
): number {
  const mine = rounds.filter(
    (one) => one.subject === subject && one.writers === writers && one.fields === fields && one.delay === delay
  )
  return quantile(
    mine.map(({ requests, seconds }) => requests / seconds),
    0.5
  )
}
