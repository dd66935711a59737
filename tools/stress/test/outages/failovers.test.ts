import type { SessionManager } from '@kvsession/core'
import pg from 'pg'
import { describeOn, type Engine, startPostgres, startProxy, type TcpProxy } from 'test-servers'
import { expect, it } from 'vitest'
import { connectStore, type DriverName } from '../../src/stores/connect-store.ts'
import { nextTurn, type OutageTraffic, startTraffic } from './outage-traffic.ts'

/** Of each driver: KVSESSION_FAILOVERS=20 for the long form. */
const failovers = Number(process.env.KVSESSION_FAILOVERS ?? 2)
/** Changes that are acknowledged between two failovers. */
const quiet = 200

describeOn('postgres', { own: true })('failovers of PostgreSQL with synchronous replication under traffic', () => {
  it.each<DriverName>(['postgres', 'postgres.js'])(
    `With %s no acknowledged change is lost and no ended session is live after ${failovers} failovers`,
    { timeout: 60_000 + failovers * 30_000 },
    async (driver) => {
      const pair = await startPair()
      const { store, close } = await connectStore(driver, pair.address.url)
      const traffic = await startTraffic(store)
      let ended = 0
      try {
        for (let turn = 0; turn < failovers; turn++) {
          await served(traffic, quiet)
          // A standby that is behind has only what was acknowledged, every other time.
          if (turn % 2 === 1) pair.holdStandby()
          await begin(traffic.manager).catch(() => undefined)
          await pair.failOver()
        }
        await served(traffic, quiet)
      } finally {
        ended = await traffic.settle()
      }
      expect(traffic.wrong()).toEqual([])
      expect(traffic.served()).toBeGreaterThanOrEqual(quiet * (failovers + 1))
      expect(ended).toBeGreaterThan(0)
      await close()
      await pair.stop()
    }
  )
})

async function served(traffic: OutageTraffic, changes: number): Promise<void> {
  const target = traffic.served() + changes
  while (traffic.served() < target && traffic.wrong().length === 0) await nextTurn()
  expect(traffic.wrong()).toEqual([])
}

/** Resolves when a new session is acknowledged, rejects at its timeout. */
async function begin(manager: SessionManager): Promise<void> {
  const session = await manager.open('')
  session.data.begun = true
  await manager.commit(session)
}

interface Pair {
  /** Leads to the primary, as a provider's endpoint does. */
  readonly address: TcpProxy
  /** Freezes the standby until the next failover. */
  holdStandby(): void
  /** Kills the primary, promotes the standby, and gives it a standby of its own. */
  failOver(): Promise<void>
  stop(): Promise<void>
}

async function startPair(): Promise<Pair> {
  let primary = await startPostgres({ own: true })
  let standby = await startStandby(primary)
  const address = await startProxy({
    url: primary.url,
    get port() {
      return primary.port
    }
  })
  return {
    address,
    holdStandby: () => standby.freeze(),
    async failOver() {
      await primary.stop()
      standby.thaw()
      await query(standby, 'SELECT pg_promote()')
      primary = standby
      address.cutAll()
      standby = await startStandby(primary)
    },
    async stop() {
      await address.close()
      await standby.stop()
      await primary.stop()
    }
  }
}

/** Resolves when every commit of the primary waits for it. */
async function startStandby(primary: Engine): Promise<Engine> {
  const standby = await startPostgres({ own: true, standbyOf: primary })
  // In this order: the copy must not wait for a standby once it is promoted.
  await query(primary, "ALTER SYSTEM SET synchronous_standby_names = '*'")
  await query(primary, 'SELECT pg_reload_conf()')
  while ((await query(primary, "SELECT FROM pg_stat_replication WHERE sync_state = 'sync'")).length === 0);
  return standby
}

async function query(server: Engine, statement: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows
  } finally {
    await client.end()
  }
}
