import { type Engine, engines, isEngine, missingEngine } from 'test-servers'

/** The engine that a program of a README connects to: `<!-- snippet: program with REDIS_URL of redis -->`. */
export interface NeededEngine {
  /** The environment variable that gets the address. */
  readonly variable: string
  readonly name: string
}

/** The engines that the programs of READMEs connect to. */
export interface ReadmeEngines {
  /** Starts the engine, or returns what is missing. */
  environmentFor(
    needed: NeededEngine | undefined
  ): Promise<{ readonly missing?: string; readonly environment: Readonly<Record<string, string>> }>
  stop(): Promise<void>
}

export function createReadmeEngines(): ReadmeEngines {
  const started = new Map<string, Promise<Engine>>()
  return {
    async environmentFor(needed) {
      if (needed === undefined) return { environment: {} }
      const { name, variable } = needed
      if (!isEngine(name)) return { missing: `no engine is named ${name}`, environment: {} }
      const missing = missingEngine(name, { own: true })
      if (missing !== undefined) return { missing, environment: {} }
      const running = started.get(name) ?? engines[name]({ own: true })
      started.set(name, running)
      const { url, host, port } = await running
      // memcached has no URLs.
      return { environment: { [variable]: name === 'memcached' ? `${host}:${port}` : url } }
    },
    async stop() {
      await Promise.all([...started.values()].map(async (engine) => (await engine).stop()))
    }
  }
}
