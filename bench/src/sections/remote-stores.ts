import { engines, missingEngine, startProxy } from 'test-servers'
import { peers, subjects, titles } from '../applications/subjects.ts'
import { loadServers, loadTable, throughputRatio } from '../load/server-load.ts'
import { missingWrk } from '../load/wrk.ts'
import type { Measurement, RunOptions, Section } from '../results.ts'
import { serveAll, startSubject, withSubjects } from '../subject.ts'
import { atLeast, remoteTargets } from '../targets.ts'

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
    'A database server on this machine that serves only the bench. Load by `wrk` from 32 connections, not pinned: 14 of 16 requests read, one does not touch the session, one writes, over ' +
    '64 sessions. *1 ms away*: a proxy delays every byte by 1 ms each way. Latencies in milliseconds.',
  parts: ['redis', 'postgres'],
  missing: missingServer,
  run: measure
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
      const far = await loadServers(servers, 32, quick)
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
