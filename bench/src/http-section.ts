import type { FrameworkName } from './applications.ts'
import { loadCells } from './cell.ts'
import type { Section, Table } from './figures.ts'
import { sameFloor } from './floor-names.ts'
import { quantile, shown } from './statistics.ts'
import { type Subject, startSubject } from './subject.ts'
import { warmUp } from './warm-up.ts'
import { hasWrk, type Load, runWrk } from './wrk.ts'

const subjectsOf: Readonly<Partial<Record<FrameworkName, readonly string[]>>> = {
  express: ['bare', sameFloor, 'kvsession', 'express-session', 'iron-session'],
  koa: ['bare', sameFloor, 'kvsession', 'koa-session, store'],
  hono: ['bare', sameFloor, 'kvsession', 'hono-sessions, plain id', '@hono/session'],
  fastify: ['bare', '@fastify/session']
}

interface Kind {
  readonly path: string
  readonly connections: number
}

/** Over real connections. Throughput is counted per second of the server's processor time, which a busy machine does not change. */
export const httpSection: Section = {
  name: 'http',
  title: 'Over HTTP',
  about:
    'Load by `wrk`, keep-alive connections, 300 B sessions. *Requests*: answered per second of processor time of the server, which ' +
    'is the throughput of one core, and the share of the bare framework’s. Latencies in ms, at full load.',
  async run(quick) {
    if (!hasWrk()) {
      console.warn('SKIPPED: wrk is missing (apt-get install wrk)')
      return { tables: [], verdicts: [] }
    }
    const kinds: readonly Kind[] = quick
      ? [{ path: '/read', connections: 16 }]
      : [
          ...['/untouched', '/read', '/write'].map((path) => ({ path, connections: 16 })),
          ...[1, 128].map((connections) => ({ path: '/read', connections }))
        ]
    const tables: Table[] = []
    for (const [framework, names] of Object.entries(subjectsOf)) {
      tables.push(...(await measure(asFramework(framework), names, kinds, quick)))
    }
    return { tables, verdicts: [] }
  }
}

async function measure(
  framework: FrameworkName,
  names: readonly string[],
  kinds: readonly Kind[],
  quick: boolean
): Promise<Table[]> {
  const subjects = await Promise.all(names.map((name) => startSubject(framework, name)))
  try {
    const ports = await Promise.all(subjects.map((subject) => subject.serve()))
    const tables: Table[] = []
    for (const subject of subjects) await warmUp(subject, quick ? loadCells.slice(1, 2) : loadCells, quick)
    for (const kind of kinds) {
      const found = subjects.map((): Figure[] => [])
      for (let round = 0; round < (quick ? 1 : 3); round++) {
        for (const [index, subject] of subjects.entries()) {
          const figure = await loadOnce(subject, ports[index] ?? 0, kind)
          // The first round warms up what has to do with connections.
          if (round > 0 || quick) found[index]?.push(figure)
        }
      }
      tables.push(tableOf(framework, kind, names, found))
    }
    return tables
  } finally {
    for (const subject of subjects) subject.stop()
  }
}

interface Figure extends Load {
  readonly perCore: number
}

async function loadOnce(subject: Subject, port: number, { path, connections }: Kind): Promise<Figure> {
  const cookies = subject.name === 'bare' ? [] : await subject.cookies('300 B')
  const before = await subject.cpu()
  const load = await runWrk({ port, paths: [path], cookies, connections, seconds: 1 })
  return { ...load, perCore: (load.requests / ((await subject.cpu()) - before)) * 1e6 }
}

function tableOf(
  framework: string,
  { path, connections }: Kind,
  names: readonly string[],
  found: readonly (readonly Figure[])[]
): Table {
  const median = (index: number, pick: (figure: Figure) => number): number =>
    quantile((found[index] ?? []).map(pick), 0.5)
  const bare = median(0, ({ perCore }) => perCore)
  return {
    title: `${framework}, ${path.slice(1)}, ${connections} connection${connections === 1 ? '' : 's'}`,
    columns: ['', 'requests', 'share', 'p50', 'p99', 'p99.9', 'errors'],
    rows: names.map((name, index) => {
      const perCore = median(index, (figure) => figure.perCore)
      return [
        name,
        shown(perCore),
        (perCore / bare).toFixed(2),
        ...[({ p50 }: Figure) => p50, ({ p99 }: Figure) => p99, ({ p999 }: Figure) => p999].map((pick) =>
          shown(median(index, pick))
        ),
        shown(median(index, ({ errors }) => errors))
      ]
    })
  }
}

/** The keys of the table above. */
function asFramework(name: string): FrameworkName {
  return name as FrameworkName
}
