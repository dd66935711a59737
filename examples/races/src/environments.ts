import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Framework } from './applications.ts'
import { type RaceResult, race } from './race.ts'
import { startServer } from './server-process.ts'

/** A store and the number of processes that share it. */
export interface Environment {
  readonly name: string
  readonly store: 'memory' | 'sqlite'
  readonly processes: number
}

export const environments: readonly Environment[] = [
  { name: 'memory, one process', store: 'memory', processes: 1 },
  { name: 'SQLite, one process', store: 'sqlite', processes: 1 },
  { name: 'SQLite, two processes', store: 'sqlite', processes: 2 }
]

/** Starts the servers, runs the races, stops the servers and removes their file. */
export async function raceIn(framework: Framework, { store, processes }: Environment): Promise<RaceResult> {
  const folder = await mkdtemp(join(tmpdir(), 'kvsession-races-'))
  const secret = randomBytes(33).toString('base64')
  const file = store === 'memory' ? 'memory' : join(folder, 'sessions.sqlite')
  const servers = await Promise.all(Array.from({ length: processes }, () => startServer(framework, file, secret)))
  try {
    return await race(servers.map(({ url }) => url))
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
    await rm(folder, { recursive: true, force: true })
  }
}
