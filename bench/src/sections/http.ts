import { awaitedBaseline, synchronousBaseline } from '../applications/hand-written.ts'
import { type Act, hasSession, pathOf, sessionActs } from '../applications/scenario.ts'
import { type Framework, frameworkNamed, frameworks, peers, subjects, titles } from '../applications/subjects.ts'
import { extractBase } from '../base-build.ts'
import { startBenchProcess } from '../bench-process.ts'
import { cores } from '../cores.ts'
import { type Costs, costTable, createCosts } from '../costs.ts'
import { loadServer, type ServerLoad } from '../load/server-load.ts'
import type { Latencies, SteadyLoad } from '../load/steady-load.ts'
import { missingWrk } from '../load/wrk.ts'
import type { Measurement, RunOptions, Section, Table, Verdict } from '../results.ts'
import { formatNumber, median } from '../statistics.ts'
import { rotated, type Server, serveAll, startSubject, withSubjects } from '../subject.ts'
import { atMost, costTargets, fullLoadP99 } from '../targets.ts'

const connections = 16
const rounds = 9
const warmUpSeconds = 3
/** Seconds of load in the quick form, the first round included, which is discarded. */
const quickSeconds = 48
const latencyActs = ['read', 'write'] as const
/** Share of the throughput of the slowest subject. All subjects get the same rate, which saturates none of them. */
const fixedShare = 0.6

/** Recorded with the result: a page may be written on another machine. */
const pinning =
  cores.shared === undefined
    ? 'Nothing was pinned to a core: `taskset` or a second core is missing.'
    : `Server and \`wrk\` pinned to core ${cores.shared}.`

/** The costs in a real server: requests over sockets. */
export const httpSection: Section = {
  name: 'http',
  title: 'Over HTTP',
  about:
    'Microseconds of processor time that sessions add to a request on the bare framework (the first row is its total): user and system time of the ' +
    `server’s process, including garbage collection; median (quartiles) of ${rounds} interleaved rounds of one second. Server and \`wrk\` ` +
    'are pinned to one core (`taskset`), so that neither waits for the other to wake up on another core. ' +
    `${connections} keep-alive connections, 64 sessions, 300 bytes of data. Latencies in milliseconds. *Full load*: by \`wrk\`. *Fixed rate*: by a generator on another core that ` +
    'sends on schedule, at a rate that every subject can serve; a latency starts when the request is due, so it includes waiting for a connection.',
  parts: frameworks,
  missing: missingWrk,
  run: (part, options) => measure(frameworkNamed(part), options)
}

async function measure(framework: Framework, { quick, base, flags }: RunOptions): Promise<Measurement> {
  const build = base === undefined ? undefined : extractBase(base)
  // A quick comparison of two builds omits the other subjects, so that more rounds fit into a minute.
  const names = quick && build ? ['bare', 'kvsession'] : subjects[framework]
  const starters = names
    .filter((name) => !quick || name !== synchronousBaseline)
    .map((name) => () => startSubject(framework, name, { flags, core: cores.shared }))
  if (build) starters.push(() => startSubject(framework, 'kvsession', { flags, core: cores.shared, base: build }))
  try {
    return await withSubjects(starters, async (started) => {
      const servers = await serveAll(started)
      const full = await measureFullLoad(servers, quick)
      const rate = Math.floor(full.lowest * fixedShare)
      // The generator needs a core of its own.
      const fixed = quick || cores.generator === undefined ? new Map() : await measureFixedRate(servers, rate)
      return report(framework, { servers, full, rate, fixed })
    })
  } finally {
    build?.remove()
  }
}

interface FullLoad {
  readonly costs: Costs
  /** By subject and act. */
  readonly loads: ReadonlyMap<string, readonly ServerLoad[]>
  /** Requests a second of the slowest subject and act. */
  readonly lowest: number
}

async function measureFullLoad(servers: readonly Server[], quick: boolean): Promise<FullLoad> {
  const costs = createCosts()
  const loads = new Map<string, ServerLoad[]>()
  const count = quick ? Math.floor(quickSeconds / (servers.length * sessionActs.length)) - 1 : rounds
  for (let round = -1; round < count; round++) {
    for (const act of sessionActs) {
      for (const server of rotated(servers, round + 1)) {
        const seconds = round < 0 && !quick ? warmUpSeconds : 1
        const own = hasSession(act) ? {} : { cookies: [] }
        const load = await loadServer(server, {
          paths: [pathOf(act)],
          connections,
          seconds,
          core: cores.shared,
          ...own
        })
        // The first round warms up.
        if (round < 0) continue
        costs.add(server.name, act, load.cpu / load.requests)
        append(loads, server.name, act, load)
      }
    }
  }
  const rates = [...loads.values()].map((list) => median(list.map(({ requests, seconds }) => requests / seconds)))
  return { costs, loads, lowest: Math.min(...rates) }
}

/** By subject and act. */
async function measureFixedRate(
  servers: readonly Server[],
  rate: number
): Promise<ReadonlyMap<string, readonly Latencies[]>> {
  const found = new Map<string, Latencies[]>()
  for (let round = 0; round < rounds; round++) {
    for (const act of latencyActs) {
      for (const { name, port, cookies } of rotated(servers, round)) {
        const { call, stop } = await startBenchProcess<SteadyLoad>('load/steady-load-process.ts', {
          core: cores.generator
        })
        await call('open', port, connections, pathOf(act), cookies)
        append(found, name, act, await call('run', rate, 1, pathOf(act), cookies))
        await stop()
      }
    }
  }
  return found
}

function append<Value>(lists: Map<string, Value[]>, subject: string, act: Act, value: Value): void {
  const key = `${subject}|${act}`
  lists.set(key, [...(lists.get(key) ?? []), value])
}

interface Figures {
  readonly servers: readonly Server[]
  readonly full: FullLoad
  readonly fixed: ReadonlyMap<string, readonly Latencies[]>
  readonly rate: number
}

function report(framework: Framework, { servers, full: { costs, loads }, fixed, rate }: Figures): Measurement {
  const title = titles[framework]
  const names = servers.map(({ name }) => name)
  const others = names.filter((name) => name !== 'bare' && name !== 'kvsession')
  const perSecond = `${formatNumber(rate)} requests a second`
  const p99 = median((loads.get('kvsession|read') ?? []).map((load) => load.p99))
  return {
    tables: [
      { ...costTable(`${title}: processor time above the bare framework`, costs, names, sessionActs), note: pinning },
      {
        title: `${title}: kvsession’s processor time as a ratio`,
        columns: ['to', ...sessionActs],
        rows: others.map((name) => [name, ...sessionActs.map((act) => costs.ratio('kvsession', name, act).toFixed(2))])
      },
      latencyTable(`${title}: latencies at full load`, names, sessionActs, loads),
      ...(fixed.size > 0 ? [latencyTable(`${title}: latencies at ${perSecond}`, names, latencyActs, fixed)] : [])
    ],
    verdicts: [
      ...costVerdicts(framework, costs),
      ...(framework === 'express' ? [atMost('Express, read, p99 at full load', fullLoadP99, p99, ' ms')] : [])
    ],
    headlines: latencyActs.map((act) => ({
      name: `${title}, ${act}, µs: kvsession / hand-written / ${peers[framework]}`,
      value: ['kvsession', awaitedBaseline, peers[framework]]
        .map((subject) => formatNumber(median(costs.above(subject, act))))
        .join(' / ')
    })),
    bars: latencyActs.flatMap((act) =>
      names
        .filter((name) => name !== 'bare')
        .map((subject) => ({ group: `${title}, ${act}`, subject, microseconds: median(costs.above(subject, act)) }))
    )
  }
}

function latencyTable(
  title: string,
  names: readonly string[],
  acts: readonly Act[],
  found: ReadonlyMap<string, readonly (ServerLoad | Latencies)[]>
): Table {
  return {
    title,
    columns: ['p50 / p99 / p99.9', ...acts],
    rows: names.map((name) => [
      name === 'bare' ? 'bare framework' : name,
      ...acts.map((act) => {
        const list = found.get(`${name}|${act}`) ?? []
        return [list.map(({ p50 }) => p50), list.map(({ p99 }) => p99), list.map(({ p999 }) => p999)]
          .map((values) => formatNumber(median(values)))
          .join(' / ')
      })
    ])
  }
}

export function costVerdicts(framework: Framework, costs: Costs): Verdict[] {
  return costTargets[framework].flatMap(({ against, limits }) =>
    sessionActs.flatMap((act) => {
      const limit = limits[act]
      if (limit === undefined || costs.of(against, act).length === 0) return []
      return [atMost(`${titles[framework]}, ${act}, to ${against}`, limit, costs.ratio('kvsession', against, act))]
    })
  )
}
