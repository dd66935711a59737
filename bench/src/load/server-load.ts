import { readHeavy } from '../applications/scenario.ts'
import type { Table } from '../results.ts'
import { formatNumber, median } from '../statistics.ts'
import { rotated, type Server } from '../subject.ts'
import { type Load, type LoadOptions, runWrk } from './wrk.ts'

/** A load and what it cost the server. */
export interface ServerLoad extends Load {
  /** Microseconds of processor time, of all processes. */
  readonly cpu: number
}

/** @throws Error if a request fails */
export async function loadServer(
  { name, port, cookies, call }: Server,
  options: Omit<LoadOptions, 'port' | 'cookies'> & { readonly cookies?: readonly string[] }
): Promise<ServerLoad> {
  const before = await call('cpu')
  const load = await runWrk({ port, cookies, ...options })
  if (load.errors > 0) throw new Error(`${name}: ${load.errors} failed requests`)
  return { ...load, cpu: (await call('cpu')) - before }
}

/** The rounds of each server by its name. */
export type Loads = ReadonlyMap<string, readonly ServerLoad[]>

/** Read-heavy load in interleaved rounds, after one that warms up. */
export async function loadServers(servers: readonly Server[], connections: number, quick: boolean): Promise<Loads> {
  const found = new Map(servers.map(({ name }): [string, ServerLoad[]] => [name, []]))
  for (let round = -1; round < (quick ? 1 : 9); round++) {
    for (const server of rotated(servers, round + 1)) {
      const load = await loadServer(server, { paths: readHeavy, connections, seconds: quick ? 1 : 2 })
      if (round >= 0) found.get(server.name)?.push(load)
    }
  }
  return found
}

const columns: Readonly<Record<string, (load: ServerLoad) => number>> = {
  'requests a second': ({ requests, seconds }) => requests / seconds,
  'requests a second of processor time': ({ requests, cpu }) => (requests / cpu) * 1e6,
  p50: ({ p50 }) => p50,
  p99: ({ p99 }) => p99,
  'p99.9': ({ p999 }) => p999
}

export function loadTable(title: string, loads: Loads): Table {
  const picks = Object.values(columns)
  return {
    title,
    columns: ['', ...Object.keys(columns)],
    rows: Array.from(loads, ([name, list]) => [name, ...picks.map((pick) => formatNumber(median(list.map(pick))))])
  }
}

/** Requests a second of one server to those of another. */
export function throughputRatio(loads: Loads, name: string, against: string): number {
  const rate = (one: string): number =>
    median((loads.get(one) ?? []).map(({ requests, seconds }) => requests / seconds))
  return rate(name) / rate(against)
}

/** Milliseconds. */
export function medianP50(loads: Loads, name: string): number {
  return median((loads.get(name) ?? []).map(({ p50 }) => p50))
}
