import { Pool } from 'pg'
import { missingEngine, startPostgres, startProxy, startRedis, type TcpProxy } from 'test-servers'
import { applicationsOf } from './applications.ts'
import { acts, type Cell, loadCells } from './cell.ts'
import { atLeast, atMost, type Section, type Table, type Verdict } from './figures.ts'
import { redisFloor } from './floor-names.ts'
import { quantile, shown } from './statistics.ts'
import { type Subject, startSubject } from './subject.ts'
import { warmUp } from './warm-up.ts'
import { hasWrk, type Load, runWrk } from './wrk.ts'

type StoreName = 'redis' | 'postgres'

/** A running server and what it says it was asked. */
interface Bench {
  readonly port: number
  readonly url: string
  /** Commands since the start by name, those of clients alone. */
  commands(): Promise<ReadonlyMap<string, number>>
  stop(): Promise<void>
}

const titles: Readonly<Record<StoreName, string>> = { redis: 'Redis', postgres: 'PostgreSQL' }

/** Against the server itself: what it is asked for, and how fast that is from a little way off. */
export function storeSection(name: StoreName): Section {
  return {
    name,
    title: `${titles[name]} behind Express`,
    about:
      'A private server on this machine. Commands are the server’s own count over 200 requests. Load by `wrk` from 32 connections: ' +
      '14 of 16 requests read, one is untouched, one writes, over 64 sessions. *1 ms away*: a proxy holds every byte for 1 ms each way.',
    async run(quick) {
      const missing = missingEngine(name)
      if (missing !== undefined) {
        console.warn(`SKIPPED: ${missing}`)
        return { tables: [], verdicts: [] }
      }
      const bench = await (name === 'redis' ? startRedisBench() : startPostgresBench())
      const proxy = await startProxy(bench)
      const names = Object.keys(await applicationsOf(name))
      const subjects = await Promise.all(names.map((one) => startSubject(name, one, through(bench.url, proxy))))
      try {
        const counted = await countCommands(bench, subjects)
        const loads = hasWrk() ? await load(proxy, subjects, quick) : []
        return { tables: [counted, ...loads.map(tableOf)], verdicts: verdictsOf(name, loads) }
      } finally {
        for (const subject of subjects) subject.stop()
        await proxy.close()
        await bench.stop()
      }
    }
  }
}

function through(url: string, proxy: TcpProxy): string {
  const address = new URL(url)
  address.port = String(proxy.port)
  return String(address)
}

async function startRedisBench(): Promise<Bench> {
  const redis = await startRedis({ own: true })
  return {
    port: redis.port,
    url: redis.url,
    async commands() {
      const text = String(await redis.command('INFO', 'commandstats'))
      const found = text.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)
      return new Map(Array.from(found, ([, name = '', calls]) => [name, Number(calls)]))
    },
    stop: () => redis.stop()
  }
}

async function startPostgresBench(): Promise<Bench> {
  const postgres = await startPostgres({ own: true, settings: { shared_preload_libraries: 'pg_stat_statements' } })
  const pool = new Pool({ connectionString: postgres.url, max: 1 })
  pool.on('error', () => {})
  await pool.query('CREATE EXTENSION pg_stat_statements')
  return {
    port: postgres.port,
    url: postgres.url,
    async commands() {
      const { rows } = await pool.query(
        "SELECT split_part(query, ' ', 1) AS name, sum(calls)::int AS calls FROM pg_stat_statements WHERE query !~ 'pg_stat_statements' GROUP BY 1"
      )
      return new Map(rows.map(({ name, calls }): [string, number] => [String(name), Number(calls)]))
    },
    async stop() {
      await pool.end()
      await postgres.stop()
    }
  }
}

async function countCommands(bench: Bench, subjects: readonly Subject[]): Promise<Table> {
  const requests = 208
  const rows: string[][] = []
  for (const subject of subjects) {
    const row: string[] = [subject.name]
    for (const act of acts) {
      const cell: Cell = { act, size: '300 B', cookies: 1 }
      // Makes the sessions, prepares statements and scripts.
      await subject.batch(cell, 16)
      const before = await bench.commands()
      await subject.batch(cell, requests)
      row.push(shownDifference(before, await bench.commands(), requests))
    }
    rows.push(row)
  }
  return {
    title: 'Commands a request',
    columns: ['', ...acts],
    rows,
    note: 'A script is one command and one round trip; what it calls inside the server stands in brackets.'
  }
}

function shownDifference(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  requests: number
): string {
  const counts = Array.from(after, ([name, calls]): [string, number] => [
    name,
    Math.round(((calls - (before.get(name) ?? 0)) / requests) * 10) / 10
  ]).filter(([name, calls]) => calls > 0.05 && !/^(?:info|config|client|hello|ping|begin|commit)/i.test(name))
  if (counts.length === 0) return '0'
  const script = counts.find(([name]) => /^evalsha$/i.test(name))?.[1] ?? 0
  const own = counts
    .map(([name, calls]): [string, number] => [
      name,
      /^(?:get|set)$/i.test(name) ? Math.round((calls - script) * 10) / 10 : calls
    ])
    .filter(([, calls]) => calls > 0.05)
  const total = own.reduce((sum, [, calls]) => sum + calls, 0)
  const words = own.map(([name, calls]) => `${name.toUpperCase()}${calls === 1 ? '' : ` × ${calls}`}`)
  return `${Number(total.toFixed(1))}: ${words.join(', ')}${script > 0 ? ' (GET, SET)' : ''}`
}

interface Loads {
  readonly delay: number
  readonly names: readonly string[]
  readonly found: readonly (readonly (Load & { readonly perCore: number })[])[]
}

const paths = [...Array.from({ length: 14 }, () => '/read'), '/untouched', '/write']

async function load(proxy: TcpProxy, subjects: readonly Subject[], quick: boolean): Promise<Loads[]> {
  const ports = await Promise.all(subjects.map((subject) => subject.serve()))
  const loads: Loads[] = []
  for (const subject of subjects) await warmUp(subject, quick ? loadCells.slice(1, 2) : loadCells, quick)
  for (const delay of [0, 1]) {
    proxy.delay(delay)
    const found = subjects.map((): (Load & { perCore: number })[] => [])
    for (let round = 0; round < (quick ? 2 : 6); round++) {
      for (const [index, subject] of subjects.entries()) {
        const cookies = await subject.cookies('300 B')
        const before = await subject.cpu()
        const one = await runWrk({ port: ports[index] ?? 0, paths, cookies, connections: 32, seconds: quick ? 1 : 2 })
        const perCore = (one.requests / ((await subject.cpu()) - before)) * 1e6
        if (round > 0) found[index]?.push({ ...one, perCore })
      }
    }
    loads.push({ delay, names: subjects.map(({ name }) => name), found })
  }
  return loads
}

function medianOf({ names, found }: Loads, name: string, pick: (load: Load & { perCore: number }) => number): number {
  return quantile((found[names.indexOf(name)] ?? []).map(pick), 0.5)
}

function tableOf(loads: Loads): Table {
  return {
    title: loads.delay === 0 ? 'Read-heavy load, on the same machine' : `The same, ${loads.delay} ms away`,
    columns: ['', 'requests a second', 'requests a second of processor time', 'p50', 'p99', 'p99.9', 'errors'],
    rows: loads.names.map((name) => [
      name,
      ...[
        (one: Load) => one.requests / one.seconds,
        ({ perCore }: { perCore: number }) => perCore,
        (one: Load) => one.p50,
        (one: Load) => one.p99,
        (one: Load) => one.p999,
        (one: Load) => one.errors
      ].map((pick) => shown(medianOf(loads, name, pick)))
    ])
  }
}

function verdictsOf(store: StoreName, loads: readonly Loads[]): Verdict[] {
  return loads
    .filter(({ delay }) => delay > 0 && store === 'redis')
    .flatMap((one) => {
      const peer = one.names.at(-1) ?? ''
      const ratio = (name: string, pick: (load: Load & { perCore: number }) => number): number =>
        medianOf(one, name, pick) / medianOf(one, peer, pick)
      const p99 = ({ p99: time }: Load): number => time
      const perCore = ({ perCore: requests }: { perCore: number }): number => requests
      return [
        {
          ...atMost(`Redis ${one.delay} ms away, p99 against connect-redis`, 0.5, ratio('kvsession', p99)),
          floors: ratio(redisFloor, p99).toFixed(2)
        },
        {
          ...atLeast(
            `Redis ${one.delay} ms away, throughput a core against connect-redis`,
            1.6,
            ratio('kvsession', perCore)
          ),
          floors: ratio(redisFloor, perCore).toFixed(2)
        }
      ]
    })
}
