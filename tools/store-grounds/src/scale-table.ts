import type { Latency } from './scale-latency.ts'
import type { ScaleResult } from './scale-result.ts'

const begin = '<!-- generated: scale -->'
const end = '<!-- /generated -->'

/** What the figures were taken on, in words. */
export interface ScaleSetting {
  readonly node: string
  readonly cores: number
  readonly memoryGib: number
}

/** The text of docs/stores.md between its marks. */
export function scaleText(results: readonly ScaleResult[], { node, cores, memoryGib }: ScaleSetting): string {
  const dates = [...new Set(results.map(({ date }) => date))].sort().join(', ')
  return [
    `Taken on ${dates} with Node ${node} on a virtual machine of ${cores} cores and ${memoryGib} GiB that engine, client and`,
    'others share. Times are milliseconds, median / p99. They compare a row with itself, not with the others: SQLite and files',
    'sync each write to the disk, the others do not here (LMDB with `noSync`, PostgreSQL with `fsync` off, MariaDB with',
    '`innodb_flush_log_at_trx_commit` 2), and the servers have room for everything in memory. In bulk means past the store, with',
    'many rows in a statement, and for files through it without syncing; the others were loaded through the store, 256 at once.',
    '',
    'Requests one after the other through the session manager, by turns to a store with a hundredth of the sessions and to',
    'one with all of them; × is what the median grew by. A tree that holds a hundred times as much is half as deep again, so',
    'up to × 1.5 is the depth of an index.',
    '',
    ...table(
      ['store', 'sessions', 'loading', 'bytes each', 'open', 'open, change, commit', 'login'],
      results.map(({ ground, loading, bytesPerSession, small, large }) => [
        ground,
        thousands(large.sessions),
        `${loading.seconds.toFixed(0)} s${loading.by === 'bulk' ? ', in bulk' : ''}`,
        thousands(bytesPerSession),
        growth(small.open, large.open),
        growth(small.change, large.change),
        growth(small.login, large.login)
      ])
    ),
    '',
    'Then half of them end while four clients send requests without a pause, every fifth a write, in the process that sweeps:',
    'the times include the wait for its event loop. The longest pauses are that of the event loop and that of another process',
    'which reads the same store. Lost are live sessions missing afterwards, in the list of all and among those requested.',
    '',
    ...table(
      ['store', 'removed', 'requests before', 'requests meanwhile', 'longest pause: loop, other process', 'lost'],
      results.map(({ ground, sweep, lost }) => [
        ground,
        `${thousands(sweep.removed)} in ${seconds(sweep.seconds)}${sweep.by === 'engine' ? ', by itself' : ''}`,
        sweep.before === undefined ? 'not measured' : both(sweep.before),
        both(sweep.during),
        `${ms(sweep.pauses.loop)}, ${ms(sweep.pauses.otherProcess)}`,
        thousands(lost)
      ])
    ),
    '',
    'Last, `keys` lists every session that is left, beside the same requests:',
    '',
    ...table(
      ['store', 'listed', 'requests meanwhile', 'longest pause: loop, other process'],
      results.map(({ ground, list }) =>
        list === undefined
          ? [ground, 'cannot list', '', '']
          : [
              ground,
              `${thousands(list.keys)} in ${seconds(list.seconds)}`,
              both(list.during),
              `${ms(list.pauses.loop)}, ${ms(list.pauses.otherProcess)}`
            ]
      )
    ),
    '',
    'DynamoDB is not among them, for its emulator would be measured in its place. `npm run scale` writes all this.'
  ].join('\n')
}

/** Puts a text between the marks of a page. @throws Error when it has none */
export function replaceGenerated(page: string, text: string): string {
  const from = page.indexOf(begin)
  const to = page.indexOf(end, from)
  if (from === -1 || to === -1) throw new Error(`The page has no ${begin} … ${end}`)
  return `${page.slice(0, from + begin.length)}\n${text}\n${page.slice(to)}`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)]
}

function growth(small: Latency, large: Latency): string {
  return `${both(small)} → ${both(large)}, × ${(large.median / small.median).toFixed(1)}`
}

function both({ median, p99 }: Latency): string {
  return `${ms(median)} / ${ms(p99)}`
}

function ms(value: number): string {
  return value >= 10 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toFixed(2)
}

function seconds(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} s`
}

function thousands(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',')
}
