import type { FrameworkName } from './applications.ts'
import { acts, type Cell } from './cell.ts'
import type { Section, Table } from './figures.ts'
import { sameFloor } from './floor-names.ts'
import type { Rooms } from './rooms.ts'
import { quantile } from './statistics.ts'
import { startSubject } from './subject.ts'

const peers: readonly (readonly [FrameworkName, string])[] = [
  ['express', 'express-session'],
  ['koa', 'koa-session, store'],
  ['hono', 'hono-sessions, plain id']
]
/** Of a request; what is smaller is in the last line. */
const leastMicroseconds = 0.15

/** Where a request's time goes: what the page's explanations point at. */
export const profileSection: Section = {
  name: 'profile',
  title: 'Where the time goes',
  about:
    'Microseconds a request by V8’s sampling profiler, 300 B, one cookie, in process: the share of the samples in each library, and ' +
    'in each file of ours, times what the request takes without the profiler. What a built-in does counts for the function that ' +
    'called it. A profile has no bare framework taken off: its column is beside.',
  async run(quick) {
    const tables: Table[] = []
    for (const [framework, peer] of peers) {
      for (const act of quick ? (['read'] as const) : acts.slice(1)) {
        tables.push(await profileTable(framework, peer, { act, size: '300 B', cookies: 1 }, quick))
      }
    }
    return { tables, verdicts: [] }
  }
}

async function profileTable(framework: FrameworkName, peer: string, cell: Cell, quick: boolean): Promise<Table> {
  const names = ['bare', sameFloor, 'kvsession', peer]
  const columns: { readonly whole: number; readonly rooms: Rooms }[] = []
  for (const name of names) columns.push(await profileOf(framework, name, cell, quick))
  const all = new Set(columns.flatMap(({ rooms }) => [...rooms.keys()]))
  const lines = Array.from(all, (room) => ({
    room,
    times: columns.map(({ whole, rooms }) => (rooms.get(room) ?? 0) * whole)
  }))
  const [named, rest] = [true, false].map((wanted) =>
    lines.filter(({ times }) => Math.max(...times) >= leastMicroseconds === wanted)
  )
  const ours = names.indexOf('kvsession')
  const sorted = (named ?? []).sort((a, b) => (b.times[ours] ?? 0) - (a.times[ours] ?? 0))
  const remaining = names.map((_, index) => (rest ?? []).reduce((sum, { times }) => sum + (times[index] ?? 0), 0))
  const shown = (times: readonly number[]): string[] => times.map((time) => (time < 0.005 ? '' : time.toFixed(2)))
  return {
    title: `${framework}, ${cell.act}`,
    columns: ['µs a request', ...names],
    rows: [
      ...sorted.map(({ room, times }) => [room, ...shown(times)]),
      ['less than that each', ...shown(remaining)],
      ['in all', ...shown(columns.map(({ whole }) => whole))]
    ]
  }
}

async function profileOf(
  framework: FrameworkName,
  name: string,
  cell: Cell,
  quick: boolean
): Promise<{ readonly whole: number; readonly rooms: Rooms }> {
  const subject = await startSubject(framework, name)
  try {
    const requests = quick ? 10_000 : 40_000
    for (let batch = 0; batch < 4; batch++) await subject.batch(cell, 4_000)
    const costs: number[] = []
    for (let batch = 0; batch < 5; batch++) costs.push(await subject.batch(cell, 2_000))
    return { whole: quantile(costs, 0.5), rooms: await subject.profile(cell, requests) }
  } finally {
    subject.stop()
  }
}
