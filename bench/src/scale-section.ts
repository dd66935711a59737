import { missingEngine } from 'test-servers'
import { type Crowd, startCrowd } from './crowd.ts'
import { atMost, type Found, type Point, type Section, type Table, type Verdict } from './figures.ts'
import { type ScaleAct, type ScaleSweep, scaleActs } from './scale-command.ts'
import type { PlaceName } from './scale-place.ts'
import { shown } from './statistics.ts'

const titles: Readonly<Record<PlaceName, string>> = {
  memory: 'Memory',
  sqlite: 'SQLite',
  lmdb: 'LMDB',
  redis: 'Redis',
  postgres: 'PostgreSQL'
}
const places: readonly PlaceName[] = ['memory', 'sqlite', 'lmdb', 'redis', 'postgres']
const few = 10_000
const million = 1_000_000
const requests = ['read', 'write', 'login'] as const
/** Acts that do not use up users. */
const unlimited: readonly ScaleAct[] = scaleActs.filter((act) => act !== 'list' && act !== 'revokeAll')
const limit = 1.2
/** Half a millisecond of requests: most batches that short are not interrupted, however busy the machine is. */
const requestActs = 50
const userActs = 2
const fullRounds = 60
/** Of each act. Until the compiler is done, one of two processes may have it behind it and the other not. */
const warmUpMilliseconds = 1_000

const about =
  'One operation after the other through the session manager, sessions of 200 B of data. Each size is measured by turns with a store ' +
  'of the same kind that holds the smallest, each in a process of its own, and compared with that one: *grew* is by how much, with the ' +
  'engine’s own *get* and *set* taken off, as many as the request makes. These are one value by the client alone, over keys that no ' +
  'request touches. *list* and *revokeAll* are for a user with five sessions among all the others. Writes do not wait for the disk ' +
  '(SQLite `normal`, LMDB `noSync`, private servers). A tenth of the sessions end before the *sweep*.'

/** What requests take when there are many sessions. */
export const scaleSection: Section = {
  name: 'scale',
  title: 'With many sessions',
  about,
  run: (quick) =>
    quick
      ? measureAll(['memory', 'sqlite'], [2_000, 20_000], 8, 0)
      : measureAll(places, [few, few * 10, million], fullRounds, warmUpMilliseconds)
}

/** The same where ten million fit. Takes about ten minutes and 10 GB of memory. */
export const tenMillionSection: Section = {
  name: 'scale-10m',
  title: 'With ten million sessions',
  about: 'The same. Only run when it is named: it takes 10 GB of memory, as much of the disk, and its time.',
  onlyNamed: true,
  run: (quick) =>
    quick
      ? measureAll(['memory', 'sqlite'], [few, few * 10], 8, 0)
      : measureAll(['memory', 'sqlite'], [few, 10 * million], fullRounds, warmUpMilliseconds)
}

async function measureAll(
  names: readonly PlaceName[],
  [least = few, ...more]: readonly number[],
  rounds: number,
  warmUp: number
): Promise<Found> {
  const tables: Table[] = []
  const verdicts: Verdict[] = []
  const points: Point[] = []
  for (const name of names) {
    const missing = name === 'redis' || name === 'postgres' ? missingEngine(name) : undefined
    if (missing !== undefined) {
      console.warn(`SKIPPED: ${missing}`)
      continue
    }
    const rows: string[][] = []
    for (const sessions of more) {
      const { small, large, sweeps } = await measurePair(name, [least, sessions], rounds, warmUp)
      if (rows.length === 0) rows.push(rowOf(small, small, sweeps[0]))
      rows.push(rowOf(large, small, sweeps[1]))
      if (points.every(({ curve }) => curve !== titles[name]))
        points.push({ curve: titles[name], sessions: least, growth: 1 })
      points.push({ curve: titles[name], sessions, growth: large.share('read') / small.share('read') })
      if (sessions !== more.at(-1)) continue
      for (const act of requests) {
        const target = `${titles[name]}, ${act}, ${thousands(sessions)} sessions against ${thousands(least)}`
        verdicts.push(atMost(target, limit, large.share(act) / small.share(act)))
      }
    }
    tables.push({
      title: `${titles[name]}, µs an operation`,
      columns: [
        'sessions',
        ...scaleActs,
        'read grew',
        'write grew',
        'login grew',
        'sweep, µs a session',
        'longest turn'
      ],
      rows
    })
  }
  return { tables, verdicts, points }
}

interface Pair {
  readonly small: Crowd
  readonly large: Crowd
  readonly sweeps: readonly ScaleSweep[]
}

async function measurePair(
  name: PlaceName,
  [least, sessions]: readonly [number, number],
  rounds: number,
  warmUp: number
): Promise<Pair> {
  const users = 2 * (rounds + 1) * userActs
  const small = await startCrowd(name, least, users)
  try {
    const large = await startCrowd(name, sessions, users)
    try {
      const crowds = [small, large]
      for (const act of requests) for (const crowd of crowds) await crowd.count(act)
      for (const crowd of crowds) for (const act of unlimited) await warm(crowd, act, warmUp)
      for (let round = 0; round <= rounds; round++) {
        for (const act of scaleActs) {
          const operations = unlimited.includes(act) ? requestActs : userActs
          // Another one begins each time. The first round warms up what there are not enough users to warm up before.
          for (const crowd of round % 2 === 0 ? crowds : crowds.toReversed()) {
            if (round === 0) await crowd.warmUp(act, operations)
            else await crowd.measure(act, operations)
          }
        }
      }
      return { small, large, sweeps: [await small.sweep(), await large.sweep()] }
    } finally {
      await large.stop()
    }
  } finally {
    await small.stop()
  }
}

async function warm(crowd: Crowd, act: ScaleAct, milliseconds: number): Promise<void> {
  const end = performance.now() + milliseconds
  while (performance.now() < end) await crowd.warmUp(act, requestActs)
}

function rowOf(crowd: Crowd, small: Crowd, sweep: ScaleSweep | undefined): string[] {
  const growth = (act: ScaleAct): string => (crowd === small ? '1' : (crowd.share(act) / small.share(act)).toFixed(2))
  const { removed = 0, seconds = 0, longest = 0 } = sweep ?? {}
  return [
    thousands(crowd.sessions),
    ...scaleActs.map((act) => shown(crowd.time(act))),
    ...requests.map(growth),
    ...(removed === 0 ? ['by itself', '–'] : [shown((seconds / removed) * 1e6), `${shown(longest)} ms`])
  ]
}

function thousands(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',')
}
