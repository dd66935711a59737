import { engines } from 'test-servers'
import { pathOf } from '../applications/scenario.ts'
import { peers, titles } from '../applications/subjects.ts'
import { startBenchProcess } from '../bench-process.ts'
import { cores } from '../cores.ts'
import { loadServers, loadTable } from '../load/server-load.ts'
import type { Latencies, SteadyLoad } from '../load/steady-load.ts'
import type { Measurement, RunOptions, Section } from '../results.ts'
import { formatNumber } from '../statistics.ts'
import { type Subject, serveAll, startSubject, withSubjects } from '../subject.ts'
import { isServer, missingServer, type ServerName } from './remote-stores.ts'

/** Requests a second in total, at which every subject is idle for more than half of the time. */
const rate = 2_000

/** Several processes, and many connections. */
export const growthSection: Section = {
  name: 'growth',
  title: 'More processes, more connections',
  about:
    'Express in `node:cluster` with one and two processes that share one database server; read-heavy load by `wrk` from 64 connections; no process is pinned ' +
    'to a core. Then one process with many open connections, each after one request: heap and external memory per connection after a full collection, and ' +
    `latencies in milliseconds at ${formatNumber(rate)} requests a second in total, measured from the moment at which a request was due.`,
  parts: ['redis', 'postgres', 'connections'],
  missing(part) {
    if (isServer(part)) return missingServer(part)
    return cores.generator === undefined ? 'a second core, or taskset, is missing' : undefined
  },
  run: (part, options) => (isServer(part) ? measureProcesses(part, options) : measureConnections(options))
}

async function measureProcesses(part: ServerName, { quick }: RunOptions): Promise<Measurement> {
  const { url, stop } = await engines[part]({ own: true })
  const starters = ['kvsession', peers[part]].flatMap((name) =>
    [1, 2].map((processes) => () => startSubject(part, name, { url, processes, title: `${name}, ${processes}` }))
  )
  try {
    return await withSubjects(starters, async (subjects) => {
      const loads = await loadServers(await serveAll(subjects), 64, quick)
      return { tables: [loadTable(`${titles[part]}: subject and number of processes`, loads)] }
    })
  } finally {
    await stop()
  }
}

async function measureConnections({ quick }: RunOptions): Promise<Measurement> {
  const count = quick ? 1_000 : 10_000
  const bare = await holdConnections('bare', count, quick)
  const ours = await holdConnections('kvsession', count, quick)
  const peer = await holdConnections(peers.express, count, quick)
  const row = (name: string, { bytes, latencies: { p50, p99, p999 } }: Connections): readonly string[] => [
    name,
    ...[bytes / 1000, (bytes - bare.bytes) / 1000, p50, p99, p999].map(formatNumber)
  ]
  const title = `${formatNumber(count)} connections to one process`
  return {
    tables: [
      {
        title,
        columns: ['', 'kB a connection', 'above the bare framework', 'p50', 'p99', 'p99.9'],
        rows: [row('bare framework', bare), row('kvsession', ours), row(peers.express, peer)]
      }
    ],
    headlines: [
      {
        name: `${title}: kB of each, of which kvsession; p99`,
        value: `${row('', ours).slice(1, 3).join(', ')}; ${formatNumber(ours.latencies.p99)} ms`
      }
    ]
  }
}

interface Connections {
  /** Of each connection. */
  readonly bytes: number
  readonly latencies: Latencies
}

function holdConnections(name: string, count: number, quick: boolean): Promise<Connections> {
  const start = (): Promise<Subject> => startSubject('express', name, { core: cores.shared, flags: ['--expose-gc'] })
  return withSubjects([start], async (subjects) => {
    const [subject] = await serveAll(subjects)
    if (!subject) throw new Error('A subject was started')
    const { port, cookies } = subject
    const { call, stop } = await startBenchProcess<SteadyLoad>('load/steady-load-process.ts', { core: cores.generator })
    try {
      // V8 compiles the code of a request here, so the memory for that is not counted.
      await call('open', port, 16, pathOf('read'), cookies)
      await call('run', rate, quick ? 1 : 10, pathOf('read'), cookies)
      const before = await subject.call('memory')
      await call('open', port, count, pathOf('read'), cookies)
      const bytes = ((await subject.call('memory')) - before) / count
      return { bytes, latencies: await call('run', rate, quick ? 2 : 30, pathOf('read'), cookies) }
    } finally {
      await stop()
    }
  })
}
