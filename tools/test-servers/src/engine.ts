/** A server for tests. */
export interface Engine {
  /** As its drivers expect it: `redis://127.0.0.1:20123`. */
  readonly url: string
  readonly host: string
  readonly port: number
  /** Its unix socket, if it listens on one. */
  readonly socket: string | undefined
  /** `undefined` between `kill` and `restart`, and for a server that the environment names. */
  readonly pid: number | undefined
  /** Resolves when it has ended. `SIGKILL`, the default, ends its child processes too, as a crash of the machine does. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Suspends all of its processes: connections stay open and are not answered. */
  freeze(): void
  thaw(): void
  /** Starts it again on the same address and data; kills it first if it runs. */
  restart(): Promise<void>
  /** Ends it and removes its folder. May be called twice. Does nothing to a server that the environment names. */
  stop(): Promise<void>
}

export interface EngineOptions {
  /**
   * Settings in addition to the defaults here, by their names on the engine's command line:
   * `{ maxmemory: '2mb' }`, `{ max_connections: '10' }`.
   */
  readonly settings?: Readonly<Record<string, string>>
  /** Ignores the environment: for tests that kill, freeze or configure the server. Default `false`. */
  readonly own?: boolean
}
