import { applicationsOf, type FrameworkName } from './applications.ts'
import { type Act, acts, type Cell } from './cell.ts'
import { atMost, type Bar, type Section, type Table, type Verdict } from './figures.ts'
import { floorNames } from './floor-names.ts'
import { quantile, shown, shownSpread, spreadOf } from './statistics.ts'
import { type Subject, startSubject } from './subject.ts'
import { warmUp } from './warm-up.ts'

/** Targets: the other subject, and the largest ratio of our cost to its. */
export interface CostTarget {
  readonly against: string
  readonly act: Act
  readonly limit: number
}

const small = { size: '300 B', cookies: 1 } as const
const quickCells: readonly Cell[] = acts.map((act) => ({ act, ...small }))
const allCells: readonly Cell[] = [
  ...quickCells,
  ...acts.slice(1).map((act): Cell => ({ act, size: '4 kB', cookies: 1 })),
  ...acts.slice(0, 4).map((act): Cell => ({ act, size: '300 B', cookies: 20 }))
]
const batchMicroseconds = 40_000

/** Processor time of a request above the bare framework, of every subject of one framework. */
export function costSection(framework: FrameworkName, title: string, targets: readonly CostTarget[]): Section {
  return {
    name: framework,
    title: `${title}: processor time of a request`,
    about:
      'Microseconds above the bare framework (its own time in the first line), user and system time of the whole process, garbage ' +
      'collection included; median and quartiles. In process, without sockets, 16 requests at a time, 64 sessions. A dash: it refuses. ' +
      'What keeps 4 kB in the cookie otherwise makes one that no browser stores.',
    async run(quick) {
      const subjects = await startAll(framework)
      try {
        const cells = quick ? quickCells : allCells
        const times = await measure(subjects, cells, quick)
        return {
          tables: tablesOf(subjects, cells, times),
          verdicts: targets.map((target) => costVerdict(title, target, times)),
          bars: barsOf(title, subjects, times)
        }
      } finally {
        for (const subject of subjects) subject.stop()
      }
    }
  }
}

/** By subject and cell: microseconds a request, one number a round. Empty where the subject cannot do it. */
type Times = ReadonlyMap<string, readonly number[]>

async function startAll(framework: FrameworkName): Promise<Subject[]> {
  const names = Object.keys(await applicationsOf(framework))
  return Promise.all(names.map((name) => startSubject(framework, name)))
}

async function measure(subjects: readonly Subject[], cells: readonly Cell[], quick: boolean): Promise<Times> {
  const rounds = quick ? 7 : 25
  const times = new Map<string, number[]>()
  const batches = new Map<string, number>()
  for (const subject of subjects) {
    for (const [cell, cost] of await warmUp(subject, cells, quick)) {
      batches.set(keyOf(subject.name, cell), Math.round(Math.min(6_000, Math.max(160, batchMicroseconds / cost))))
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const cell of cells) {
      // Another one begins each time: whoever comes first meets the coldest caches.
      for (let turn = 0; turn < subjects.length; turn++) {
        const subject = subjects[(turn + round) % subjects.length]
        const requests = subject && batches.get(keyOf(subject.name, cell))
        if (!subject || !requests) continue
        const key = keyOf(subject.name, cell)
        const list = times.get(key) ?? []
        list.push(await subject.batch(cell, requests))
        times.set(key, list)
      }
    }
  }
  return times
}

function keyOf(subject: string, { act, size, cookies }: Cell): string {
  return `${subject}|${act}|${size}|${cookies}`
}

/** Microseconds above the bare framework, by round: a slow moment of the machine hits both. */
function costOf(times: Times, subject: string, cell: Cell): number[] {
  const bare = times.get(keyOf('bare', cell)) ?? []
  return (times.get(keyOf(subject, cell)) ?? []).map((time, round) => time - (bare[round] ?? Number.NaN))
}

/** The median of what the rounds say, each for itself. */
function ratioOf(times: Times, subject: string, against: string, cell: Cell): number {
  const other = costOf(times, against, cell)
  const ratios = costOf(times, subject, cell).map((cost, round) => cost / (other[round] ?? Number.NaN))
  return quantile(ratios, 0.5)
}

function tablesOf(subjects: readonly Subject[], cells: readonly Cell[], times: Times): Table[] {
  const groups = new Map<string, Cell[]>()
  for (const cell of cells) {
    const title = `${cell.size} of data, ${cell.cookies === 1 ? 'one cookie' : '20 cookies'}`
    groups.set(title, [...(groups.get(title) ?? []), cell])
  }
  return [...groups].map(([title, group]) => ({
    title,
    columns: ['µs a request', ...group.map(({ act }) => act)],
    rows: subjects.map(({ name }) => [
      name,
      ...group.map((cell) =>
        name === 'bare'
          ? shown(quantile(times.get(keyOf(name, cell)) ?? [], 0.5))
          : shownSpread(spreadOf(costOf(times, name, cell)))
      )
    ])
  }))
}

export function costVerdict(title: string, { against, act, limit }: CostTarget, times: Times): Verdict {
  const cell: Cell = { act, ...small }
  if (against === 'bare') {
    const cost = (subject: string): number => quantile(costOf(times, subject, cell), 0.5)
    const ours = cost('kvsession')
    return {
      ...{ target: `${title}, ${act}`, wanted: `≤ ${limit} µs`, reached: `${shown(ours)} µs`, met: ours <= limit },
      floors: floorNames.map((name) => shown(cost(name))).join(' / ')
    }
  }
  const verdict = atMost(`${title}, ${act}, against ${against}`, limit, ratioOf(times, 'kvsession', against, cell))
  if (floorNames.includes(against)) return verdict
  return { ...verdict, floors: floorNames.map((name) => ratioOf(times, name, against, cell).toFixed(2)).join(' / ') }
}

function barsOf(title: string, subjects: readonly Subject[], times: Times): Bar[] {
  return subjects
    .filter(({ name }) => name !== 'bare')
    .flatMap(({ name }) =>
      acts.map((act) => {
        const microseconds = quantile(costOf(times, name, { act, ...small }), 0.5)
        return { framework: title, act, subject: name, microseconds: Number(microseconds.toFixed(2)) }
      })
    )
}
