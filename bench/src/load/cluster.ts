import { readHeavy } from '../applications/scenario.ts'
import type { Family } from '../applications/subjects.ts'
import type { Table } from '../results.ts'
import { formatNumber, median } from '../statistics.ts'
import { rotated } from '../subject.ts'
import { startWorker, type Worker } from '../worker.ts'
import type { ClusterMethods } from './cluster-process.ts'
import { type Load, runWrk } from './wrk.ts'

/** One or more processes of a subject that share a port. */
export interface Cluster extends Worker<ClusterMethods> {
  readonly name: string
  readonly port: number
}

export interface ClusterOptions {
  readonly family: Family
  readonly subject: string
  /** Address of the store. */
  readonly url: string
  readonly processes: number
}

/** Runs `work` with clusters, named by the keys, and stops them afterwards, even if it fails. */
export async function withClusters<Result>(
  named: Readonly<Record<string, ClusterOptions>>,
  work: (clusters: readonly Cluster[]) => Promise<Result>
): Promise<Result> {
  const clusters: Cluster[] = []
  try {
    for (const [name, { family, subject, url, processes }] of Object.entries(named)) {
      const worker = startWorker<ClusterMethods>('load/cluster-process.ts')
      const cluster = { ...worker, name, port: 0 }
      clusters.push(cluster)
      cluster.port = await worker.call('start', family, subject, url, processes)
    }
    return await work(clusters)
  } finally {
    await Promise.all(clusters.map(({ stop }) => stop()))
  }
}

/** The rounds of each cluster by its name. */
export type Loads = ReadonlyMap<string, readonly CoreLoad[]>

interface CoreLoad extends Load {
  /** Requests per second of processor time of the cluster. */
  readonly perCore: number
}

/** Read-heavy load in interleaved rounds, after a warm-up round. */
export async function loadClusters(clusters: readonly Cluster[], connections: number, quick: boolean): Promise<Loads> {
  const found = new Map(clusters.map(({ name }): [string, CoreLoad[]] => [name, []]))
  for (let round = -1; round < (quick ? 1 : 9); round++) {
    for (const { name, port, call } of rotated(clusters, round + 1)) {
      const cookies = await call('cookies')
      const before = await call('cpu')
      const load = await runWrk({ port, paths: readHeavy, cookies, connections, seconds: quick ? 1 : 2 })
      if (load.errors > 0) throw new Error(`${name}: ${load.errors} failed requests`)
      const perCore = (load.requests / ((await call('cpu')) - before)) * 1e6
      if (round >= 0) found.get(name)?.push({ ...load, perCore })
    }
  }
  return found
}

const columns: readonly (readonly [string, (load: CoreLoad) => number])[] = [
  ['requests a second', ({ requests, seconds }) => requests / seconds],
  ['requests a second of processor time', ({ perCore }) => perCore],
  ['p50', ({ p50 }) => p50],
  ['p99', ({ p99 }) => p99],
  ['p99.9', ({ p999 }) => p999]
]

export function loadTable(title: string, loads: Loads): Table {
  return {
    title,
    columns: ['', ...columns.map(([name]) => name)],
    rows: Array.from(loads, ([name, list]) => [
      name,
      ...columns.map(([, pick]) => formatNumber(median(list.map(pick))))
    ])
  }
}

/** The ratio of the requests a second of two clusters. */
export function throughputRatio(loads: Loads, name: string, against: string): number {
  const rate = (one: string): number =>
    median((loads.get(one) ?? []).map(({ requests, seconds }) => requests / seconds))
  return rate(name) / rate(against)
}
