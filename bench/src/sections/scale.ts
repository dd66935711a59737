import type { TestProcess } from 'stress/processes'
import { isEngine, missingEngine } from 'test-servers'
import { startBenchProcess } from '../bench-process.ts'
import type { Measurement, RunOptions, Section, Table } from '../results.ts'
import { isScaleEngine, type ScaleEngineName, scaleEngines } from '../scale/engines.ts'
import type { Loading, ScaleAct, ScaleMethods, Traffic } from '../scale/scale-process.ts'
import { formatLatency, formatNumber, median } from '../statistics.ts'
import { atMost, growthLimit } from '../targets.ts'

/** Operations of each kind in a round. */
const operations = 200
const acts = ['open', 'write', 'login'] as const satisfies readonly ScaleAct[]
const million = 1_000_000
export const scaleSection: Section = {
  name: 'scale',
  title: 'A million sessions',
  about:
    'Sequential operations of the session manager on sessions with 300 bytes of data. They alternate between a store with one percent of the ' +
    'sessions and a store with all of them, each in its own process. In milliseconds, median / p99, and the growth of the median. An index tree with ' +
    'a hundred times as many entries is half as deep again, which explains a growth of up to × 1.5. Database servers serve only this measurement and have ' +
    'enough memory for all data; no write waits for the disk. Then half of the sessions expire and are removed, and the rest are listed, ' +
    'while four clients send requests in the same process, every fifth a write. The pause is the longest pause of its event loop. Compare the figures within a row, not between rows.',
  parts: scaleEngines,
  missing(part) {
    return isEngine(part) ? missingEngine(part, { own: true }) : undefined
  },
  run: (part, options) => measureScale(part, options, part === 'file' ? million / 10 : million)
}

/** Ten million sessions, for the engines that can store them on one machine. */
export const tenMillionSection: Section = {
  name: 'scale-10m',
  title: 'Ten million sessions',
  about: 'The same measurement. Runs only if it is named, because it needs 10 GB of memory and of disk.',
  parts: ['memory', 'sqlite'],
  onlyNamed: true,
  run: (part, options) => measureScale(part, options, 10 * million)
}

interface Store {
  readonly worker: TestProcess<ScaleMethods>
  readonly sessions: number
  readonly loading: Loading
  readonly times: Readonly<Record<ScaleAct, number[]>>
}

async function measureScale(part: string, { quick }: RunOptions, full: number): Promise<Measurement> {
  if (!isScaleEngine(part)) throw new Error(`No store is named ${part}`)
  const sessions = quick ? 2_000 : full
  const rounds = quick ? 2 : 10
  const start = (): Promise<TestProcess<ScaleMethods>> =>
    startBenchProcess('scale/scale-process.ts', { flags: ['--expose-gc', '--max-old-space-size=14000'] })
  const [first, second] = [await start(), await start()]
  try {
    const small = await fill(first, part, sessions / 100)
    const large = await fill(second, part, sessions)
    for (let round = 0; round <= rounds; round++) {
      for (const act of acts) {
        for (const { worker, times } of [small, large]) {
          const found = await worker.call('measure', act, operations)
          // The first round warms up.
          if (round > 0) times[act].push(...found)
        }
      }
    }
    const swept = await second.call('sweep')
    const listed = await second.call('listKeys')
    return report(part, { small, large, swept, listed, lost: await second.call('countLost') })
  } finally {
    await first.stop()
    await second.stop()
  }
}

async function fill(worker: TestProcess<ScaleMethods>, name: ScaleEngineName, count: number): Promise<Store> {
  const loading = await worker.call('fill', name, count)
  return { worker, sessions: count, loading, times: { open: [], write: [], login: [] } }
}

interface Figures {
  readonly small: Store
  readonly large: Store
  readonly swept: Traffic | undefined
  readonly listed: Traffic | undefined
  readonly lost: number
}

function report(name: string, figures: Figures): Measurement {
  const { small, large, lost } = figures
  const size = formatNumber(large.sessions)
  const growth = Math.max(...acts.map((act) => median(large.times[act]) / median(small.times[act])))
  return {
    tables: [requestTable(name, small, large), trafficTable(name, figures)],
    verdicts: [
      atMost(`${name}, growth of open, write and login with ${size} sessions`, growthLimit, growth),
      { target: `${name}, live sessions lost`, wanted: '0', reached: String(lost), met: lost === 0 }
    ]
  }
}

function requestTable(name: string, small: Store, large: Store): Table {
  const { seconds, bytes = Number.NaN } = large.loading
  return {
    title: 'Requests',
    columns: ['store', 'sessions', 'loading, s', 'bytes each', ...acts],
    rows: [
      [
        ...[name, ...[large.sessions, seconds, bytes].map(formatNumber)],
        ...acts.map((act) => {
          const growth = median(large.times[act]) / median(small.times[act])
          return `${formatLatency(small.times[act])} → ${formatLatency(large.times[act])}, × ${growth.toFixed(1)}`
        })
      ]
    ]
  }
}

function trafficTable(name: string, { swept, listed, lost }: Figures): Table {
  const format = (traffic: Traffic | undefined, absent: string): readonly string[] =>
    traffic === undefined
      ? [absent, '–', '–']
      : [
          `${formatNumber(traffic.count)} in ${formatNumber(traffic.seconds)} s`,
          ...[formatLatency(traffic.times), formatNumber(traffic.pause)]
        ]
  return {
    title: 'Removing half of them and listing the rest, beside requests',
    columns: [
      'store',
      'removed',
      'requests, ms',
      'longest pause, ms',
      'listed',
      'requests meanwhile, ms',
      'pause, ms',
      'lost'
    ],
    rows: [[name, ...format(swept, 'by itself'), ...format(listed, 'cannot list'), String(lost)]]
  }
}
