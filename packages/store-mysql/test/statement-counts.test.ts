import { createSessionManager, type SessionManager } from '@kvsession/core'
import { describeOn } from 'test-servers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type MariadbFixture, startFixture } from './support/mariadb-fixture.ts'

type Counts = Record<string, number>

/** Counted by the server: executed statements, including any for transactions or settings. */
describeOn('mariadb', { own: true })('Number of statements on MariaDB', () => {
  let fixture: MariadbFixture
  let manager: SessionManager
  beforeAll(async () => {
    fixture = await startFixture({})
    const { store } = await fixture.open({ connectionLimit: 1 })
    // Each connection prepares a statement once.
    await store.set('warm', 'old', Date.now() + 3_600_000)
    await store.compareAndSet('warm', 'old', 'new', Date.now() + 3_600_000)
    await store.compareAndSet('warm', undefined, 'new', Date.now() + 3_600_000)
    await store.get('warm')
    await store.delete('warm')
    manager = createSessionManager({ store, secret: 'a secret for tests that is long enough' })
  })
  afterAll(async () => {
    await manager.close()
    await fixture.stop()
  })

  async function totals(): Promise<Counts> {
    const rows = await fixture.ask('SHOW GLOBAL STATUS WHERE Variable_name LIKE "Com\\_%"')
    return Object.fromEntries(rows.map((row) => [String(row.Variable_name), Number(row.Value)]))
  }

  async function count(work: () => Promise<unknown>): Promise<Counts> {
    const before = await totals()
    await work()
    const after = await totals()
    const changes = Object.entries(after).map(([name, total]) => [name, total - (before[name] ?? 0)] as const)
    return Object.fromEntries(changes.filter(([name, change]) => change !== 0 && name !== 'Com_show_status'))
  }

  /** A browser's cookie. */
  async function begin(): Promise<string> {
    const session = await manager.open('')
    session.data.views = 1
    const { headers } = await manager.commit(session)
    const line = headers.find(([name]) => name.toLowerCase() === 'set-cookie')?.[1] ?? ''
    return line.split(';')[0] ?? ''
  }

  it('An unused session costs no statement, with or without a cookie', async () => {
    const cookie = await begin()
    expect(await count(async () => manager.commit(await manager.open('')))).toEqual({})
    expect(await count(async () => manager.commit(await manager.open(`${cookie}x`)))).toEqual({})
  })

  it('A first write costs 1 statement', async () => {
    expect(await count(begin)).toEqual({ Com_stmt_execute: 1, Com_insert: 1 })
  })

  it('A read costs 1 statement', async () => {
    const cookie = await begin()
    const counts = await count(async () => {
      const session = await manager.open(cookie)
      expect(session.data.views).toBe(1)
      await manager.commit(session)
    })
    expect(counts).toEqual({ Com_stmt_execute: 1, Com_select: 1 })
  })

  it('A read and a write cost 2 statements', async () => {
    const cookie = await begin()
    const counts = await count(async () => {
      const session = await manager.open(cookie)
      session.data.views = 2
      await manager.commit(session)
    })
    expect(counts).toEqual({ Com_stmt_execute: 2, Com_select: 1, Com_update: 1 })
  })

  it('regenerate() costs 1 statement more than the load', async () => {
    const session = await manager.open(await begin())
    const counts = await count(async () => {
      await session.regenerate()
      await manager.commit(session)
    })
    expect(counts).toEqual({ Com_stmt_execute: 1, Com_update: 1 })
  })

  it('destroy() costs 1 statement more than the load', async () => {
    const session = await manager.open(await begin())
    const counts = await count(async () => {
      await session.destroy()
      await manager.commit(session)
    })
    expect(counts).toEqual({ Com_stmt_execute: 1, Com_delete: 1 })
  })
})
