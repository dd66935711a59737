import type { FrameworkName } from './applications.ts'
import type { Act, Cell } from './cell.ts'
import type { Profile, Section, Table } from './figures.ts'
import { sameFloor } from './floor-names.ts'
import { quantile } from './statistics.ts'
import { startSubject } from './subject.ts'
import { warmUp } from './warm-up.ts'

const peers: readonly (readonly [FrameworkName, string])[] = [
  ['express', 'express-session'],
  ['koa', 'koa-session, store'],
  ['hono', 'hono-sessions, plain id']
]
/** Of a request; what is smaller is in the last line. */
const leastMicroseconds = 0.2

/** Where a request's time goes: what the page's explanations are made of. */
export const profileSection: Section = {
  name: 'profile',
  title: 'Where the time goes',
  about:
    'Microseconds a request by V8’s sampling profiler, 300 B, one cookie, in process: the share of the samples in each library, and ' +
    'in each file of ours, times what the request takes without the profiler. What a built-in does counts for the function that ' +
    'called it. Nothing is taken off: the bare framework has a column.',
  async run(quick) {
    const acts: readonly Act[] = quick ? ['read'] : ['read', 'write']
    const profiles: Profile[] = []
    const tables: Table[] = []
    for (const [framework, peer] of peers) {
      for (const act of acts) {
        const found: Profile[] = []
        for (const subject of ['bare', sameFloor, 'kvsession', peer]) {
          found.push(await profileOf(framework, subject, act, quick))
        }
        tables.push(tableOf(found))
        profiles.push(...found)
      }
    }
    return { tables, verdicts: [], profiles }
  }
}

async function profileOf(framework: FrameworkName, name: string, act: Act, quick: boolean): Promise<Profile> {
  const cell: Cell = { act, size: '300 B', cookies: 1 }
  const subject = await startSubject(framework, name)
  try {
    await warmUp(subject, [cell], quick)
    const costs: number[] = []
    for (let batch = 0; batch < 5; batch++) costs.push(await subject.batch(cell, 2_000))
    const whole = quantile(costs, 0.5)
    const shares = await subject.profile(cell, quick ? 10_000 : 40_000)
    const rooms = Object.fromEntries(Array.from(shares, ([room, share]) => [room, rounded(share * whole)]))
    return { framework, act, subject: name, whole: rounded(whole), rooms }
  } finally {
    subject.stop()
  }
}

function tableOf(profiles: readonly Profile[]): Table {
  const all = [...new Set(profiles.flatMap(({ rooms }) => Object.keys(rooms)))]
  const lines = all.map((room) => ({ room, times: profiles.map(({ rooms }) => rooms[room] ?? 0) }))
  const ours = profiles.findIndex(({ subject }) => subject === 'kvsession')
  const isNamed = ({ times }: { times: readonly number[] }): boolean => Math.max(...times) >= leastMicroseconds
  const named = lines.filter(isNamed).sort((a, b) => (b.times[ours] ?? 0) - (a.times[ours] ?? 0))
  const rest = lines.filter((line) => !isNamed(line))
  const remaining = profiles.map((_, index) => rest.reduce((sum, { times }) => sum + (times[index] ?? 0), 0))
  const [first] = profiles
  return {
    title: `${first?.framework}, ${first?.act}`,
    columns: ['µs a request', ...profiles.map(({ subject }) => subject)],
    rows: [
      ...named.map(({ room, times }) => [room, ...times.map(shown)]),
      [`below ${leastMicroseconds} each`, ...remaining.map(shown)],
      ['in all', ...profiles.map(({ whole }) => shown(whole))]
    ]
  }
}

function shown(microseconds: number): string {
  return microseconds < 0.005 ? '' : microseconds.toFixed(2)
}

function rounded(microseconds: number): number {
  return Number(microseconds.toFixed(3))
}
