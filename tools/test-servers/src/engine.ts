/** A server that a test may do everything to. */
export interface Engine {
  /** What its drivers take: `redis://127.0.0.1:20123`. */
  readonly url: string
  readonly host: string
  readonly port: number
  /** Its unix socket, where it listens on one. */
  readonly socket: string | undefined
  /** Of the running server; `undefined` between `kill` and `restart`, and for one that the environment named. */
  readonly pid: number | undefined
  /** Resolves when it has ended. `SIGKILL`, the default, ends its child processes too, as a crash of the machine does. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Stops every process of it where it stands: connections stay open and nothing answers. */
  freeze(): void
  thaw(): void
  /** Starts it again on the same address and data; kills it first if it runs. */
  restart(): Promise<void>
  /** Ends it and removes its folder. Twice is no error. One that the environment named is left alone. */
  stop(): Promise<void>
}

export interface EngineOptions {
  /**
   * Settings on top of the harness's own, by the names that the engine's command line gives them:
   * `{ maxmemory: '2mb' }`, `{ max_connections: '10' }`.
   */
  readonly settings?: Readonly<Record<string, string>>
  /** Never the address from the environment: for tests that kill, freeze or configure it. Default `false`. */
  readonly own?: boolean
}
