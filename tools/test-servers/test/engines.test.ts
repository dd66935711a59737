import { existsSync } from 'node:fs'
import { createConnection } from 'node:net'
import { dirname } from 'node:path'
import {
  describeOn,
  type Engine,
  type EngineName,
  type EngineOptions,
  startMariadb,
  startMemcached,
  startPgbouncer,
  startPostgres,
  startRedis
} from 'test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answerWithin } from './support/answer-within.ts'

interface Example {
  readonly start: (options: EngineOptions) => Promise<Engine>
  /** What a client says to make the server answer. `undefined`: the server speaks first. */
  readonly hello: Buffer | undefined
}

// SSLRequest: https://www.postgresql.org/docs/15/protocol-message-formats.html
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

const examples: Readonly<Record<EngineName, Example>> = {
  redis: { start: startRedis, hello: Buffer.from('PING\r\n') },
  postgres: { start: startPostgres, hello: sslRequest },
  // It answers without the server behind it.
  pgbouncer: { start: (options) => startPgbouncer({ port: 1 }, options), hello: sslRequest },
  mariadb: { start: startMariadb, hello: undefined },
  memcached: { start: startMemcached, hello: Buffer.from('version\r\n') }
}

for (const [name, { start, hello }] of Object.entries(examples)) {
  describeOn(engineNamed(name), { own: true })(name, () => {
    let engine: Engine
    beforeAll(async () => {
      engine = await start({ own: true })
    }, 60_000)
    afterAll(() => engine?.stop())
    const answers = (ms: number): Promise<boolean> =>
      answerWithin(ms, () => createConnection(engine.port, '127.0.0.1'), hello)

    it('An engine serves on loopback, and not on its default port', async () => {
      expect(engine.url).toContain(`127.0.0.1:${engine.port}`)
      expect([3306, 5432, 6379, 11211]).not.toContain(engine.port)
      expect(await answers(5_000)).toBe(true)
    })

    it('An engine serves on its socket', async () => {
      const { socket } = engine
      if (socket === undefined) return expect(name).toBe('memcached')
      expect(await answerWithin(5_000, () => createConnection(socket), hello)).toBe(true)
    })

    it('A frozen engine does not answer until it is thawed', async () => {
      engine.freeze()
      expect(await answers(150)).toBe(false)
      engine.thaw()
      expect(await answers(5_000)).toBe(true)
    })

    it('A killed engine restarts on the same port', async () => {
      const { pid } = engine
      engine.freeze()
      await engine.kill()
      expect(engine.pid).toBeUndefined()
      expect(await answers(5_000)).toBe(false)
      await engine.restart()
      expect(engine.pid).not.toBe(pid)
      expect(await answers(5_000)).toBe(true)
    })

    it('A stopped engine leaves no process and no folder', async () => {
      const { socket } = engine
      await engine.stop()
      await engine.stop()
      expect(await answers(5_000)).toBe(false)
      if (socket !== undefined) expect(existsSync(dirname(socket))).toBe(false)
    })
  })
}

describe('an engine that cannot start', () => {
  describeOn('redis', { own: true })('redis', () => {
    it('The error has the output of a server that does not start', async () => {
      await expect(startRedis({ own: true, settings: { maxmemory: 'much' } })).rejects.toThrow(/maxmemory "much"/)
    })
  })
})

function engineNamed(name: string): EngineName {
  const names: readonly EngineName[] = ['redis', 'postgres', 'pgbouncer', 'mariadb', 'memcached']
  const found = names.find((known) => known === name)
  if (found === undefined) throw new RangeError(name)
  return found
}
