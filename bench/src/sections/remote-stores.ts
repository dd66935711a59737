import { engines, missingEngine, startProxy } from 'test-servers'
import { peers, subjects, titles } from '../applications/subjects.ts'
import { type Loads, loadServers, loadTable, medianP50, throughputRatio } from '../load/server-load.ts'
import { missingWrk } from '../load/wrk.ts'
import type { Measurement, RunOptions, Section } from '../results.ts'
import { serveAll, startSubject, withSubjects } from '../subject.ts'
import { atLeast, atMost, remoteTargets } from '../targets.ts'

export type ServerName = 'redis' | 'postgres'

export function isServer(part: string): part is ServerName {
  return part === 'redis' || part === 'postgres'
}

export function missingServer(part: string): string | undefined {
  return missingWrk() ?? (isServer(part) ? missingEngine(part) : undefined)
}

export const remoteStoresSection: Section = {
  name: 'stores',
  title: 'Redis and PostgreSQL behind Express',
  about:
    'A database server on this machine that serves only the bench. Load by `wrk` not pinned: 14 of 16 requests read, one does not touch the session, one writes, over ' +
    '64 sessions. *Same machine*: 32 connections. *1 ms away*: a proxy delays every byte by 1 ms each way; 8 connections, so that waiting and not the ' +
    'processor limits them. *Cached*: `createCachedStore`. Latencies in milliseconds.',
  parts: ['redis', 'postgres'],
  missing: missingServer,
  run: measure
}

/** Throughput and latency with a distant server, compared with the peer. */
function compareFar(part: ServerName, far: Loads): Pick<Measurement, 'verdicts' | 'headlines'> {
  const where = `${titles[part]} 1 ms away`
  const limits = remoteTargets[part]
  if (limits === undefined) return {}
  const [plain, cached] = ['kvsession', 'kvsession, cached'].map((name) => throughputRatio(far, name, peers[part]))
  const target = `${where}, throughput to ${peers[part]}`
  return {
    verdicts: [
      atLeast(target, limits.plain, plain ?? 0),
      atLeast(`${target}, cached`, limits.cached, cached ?? 0),
      atMost(`${where}, p50, cached`, limits.cachedP50, medianP50(far, 'kvsession, cached'), ' ms')
    ],
    headlines: [{ name: `${target}: plain, cached`, value: `× ${plain?.toFixed(1)}, × ${cached?.toFixed(1)}` }]
  }
}

async function measure(part: string, { quick }: RunOptions): Promise<Measurement> {
  if (!isServer(part)) throw new Error(`No server is named ${part}`)
  const server = await engines[part]({ own: true })
  const proxy = await startProxy(server)
  const address = new URL(server.url)
  address.port = String(proxy.port)
  const starters = subjects[part].map((name) => () => startSubject(part, name, { url: String(address) }))
  try {
    return await withSubjects(starters, async (started) => {
      const servers = await serveAll(started)
      const near = await loadServers(servers, 32, quick)
      proxy.delay(1)
      const far = await loadServers(servers, 8, quick)
      return {
        tables: [loadTable(`${titles[part]}, same machine`, near), loadTable(`${titles[part]}, 1 ms away`, far)],
        ...compareFar(part, far)
      }
    })
  } finally {
    await proxy.close()
    await server.stop()
  }
}
