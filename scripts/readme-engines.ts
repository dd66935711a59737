import {
  type Engine,
  type EngineName,
  missingEngine,
  startMariadb,
  startMemcached,
  startPostgres,
  startRedis
} from 'test-servers'

/** The engines that the programs of the stores' READMEs connect to. */
export interface ReadmeEngines {
  /** By `packages/store-redis/README.md:21`: starts its engine, or says what is missing. */
  environmentOf(
    where: string
  ): Promise<{ readonly missing?: string; readonly environment: Readonly<Record<string, string>> }>
  stop(): Promise<void>
}

interface NeededEngine {
  readonly name: EngineName
  start(): Promise<Engine>
  environment(engine: Engine): Readonly<Record<string, string>>
}

const redis: NeededEngine = {
  name: 'redis',
  start: () => startRedis({ own: true }),
  environment: ({ url }) => ({ REDIS_URL: url })
}

const needed: Readonly<Record<string, NeededEngine>> = {
  'store-redis': redis,
  'store-keyv': redis,
  'store-unstorage': redis,
  'store-postgres': {
    name: 'postgres',
    start: () => startPostgres({ own: true }),
    environment: ({ url }) => ({ DATABASE_URL: url })
  },
  'store-mysql': {
    name: 'mariadb',
    start: () => startMariadb({ own: true }),
    environment: ({ url }) => ({ DATABASE_URL: url })
  },
  'store-memcached': {
    name: 'memcached',
    start: () => startMemcached({ own: true }),
    environment: ({ host, port }) => ({ MEMCACHED: `${host}:${port}` })
  }
}

export function createReadmeEngines(): ReadmeEngines {
  const started = new Map<NeededEngine, Promise<Engine>>()
  return {
    async environmentOf(where) {
      const engine = needed[/^packages\/([\w-]+)\//.exec(where)?.[1] ?? '']
      if (engine === undefined) return { environment: {} }
      const missing = missingEngine(engine.name, { own: true })
      if (missing !== undefined) return { missing, environment: {} }
      const running = started.get(engine) ?? engine.start()
      started.set(engine, running)
      return { environment: engine.environment(await running) }
    },
    async stop() {
      await Promise.all([...started.values()].map(async (engine) => (await engine).stop()))
    }
  }
}
