import { type Engine, type EngineOptions, missingEngine, startPostgres, startProxy, startRedis } from 'test-servers'
import { peers, subjects, titles } from '../applications/subjects.ts'
import { loadClusters, loadTable, throughputRatio, withClusters } from '../load/cluster.ts'
import { missingWrk } from '../load/wrk.ts'
import type { Measurement, RunOptions, Section } from '../results.ts'
import { atLeast, remoteTargets } from '../targets.ts'

export type ServerName = 'redis' | 'postgres'

export const storeServers: Readonly<Record<ServerName, (options: EngineOptions) => Promise<Engine>>> = {
  redis: startRedis,
  postgres: startPostgres
}

export function isServer(part: string): part is ServerName {
  return Object.hasOwn(storeServers, part)
}

export function missingServer(part: string): string | undefined {
  return missingWrk() ?? (isServer(part) ? missingEngine(part) : undefined)
}

export const remoteStoresSection: Section = {
  name: 'stores',
  title: 'Redis and PostgreSQL behind Express',
  about:
    'A database server on this machine that serves only the bench. Load by `wrk` from 32 connections, not pinned: 14 of 16 requests read, one does not touch the session, one writes, over ' +
    '64 sessions. *1 ms away*: a proxy delays every byte by 1 ms each way. Latencies in milliseconds.',
  parts: ['redis', 'postgres'],
  missing: missingServer,
  run: measure
}

async function measure(part: string, { quick }: RunOptions): Promise<Measurement> {
  if (!isServer(part)) throw new Error(`No server is named ${part}`)
  const server = await storeServers[part]({ own: true })
  const proxy = await startProxy(server)
  const address = new URL(server.url)
  address.port = String(proxy.port)
  const named = subjects[part].map((subject) => [
    subject,
    { family: part, subject, url: String(address), processes: 1 }
  ])
  try {
    return await withClusters(Object.fromEntries(named), async (clusters) => {
      const near = await loadClusters(clusters, 32, quick)
      proxy.delay(1)
      const far = await loadClusters(clusters, 32, quick)
      const target = `${titles[part]} 1 ms away, throughput to ${peers[part]}`
      const ratio = throughputRatio(far, 'kvsession', peers[part])
      const limit = remoteTargets[part]
      return {
        tables: [loadTable(`${titles[part]}, same machine`, near), loadTable(`${titles[part]}, 1 ms away`, far)],
        ...(limit === undefined
          ? {}
          : {
              verdicts: [atLeast(target, limit, ratio)],
              headlines: [{ name: target, value: `× ${ratio.toFixed(1)}` }]
            })
      }
    })
  } finally {
    await proxy.close()
    await server.stop()
  }
}
