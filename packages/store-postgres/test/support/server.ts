import { type Engine, startPostgres } from 'test-servers'
import { type Connected, type ConnectOptions, connect, type DriverName } from './drivers.ts'

export interface ServerConnectOptions extends ConnectOptions {
  /** Role; the server asks for no password. Default: `postgres`, a superuser. */
  readonly user?: string
}

/** A private server with its connected clients. */
export interface Server extends Engine {
  /** Each name is free until then. */
  freeTable(): string
  connect(driver: DriverName, options?: ServerConnectOptions): Connected
  /** Runs as superuser, on a separate connection. */
  readonly admin: Connected
}

export async function startServer(settings: Readonly<Record<string, string>> = {}): Promise<Server> {
  const engine = await startPostgres({ own: true, settings })
  const connected: Connected[] = []
  let tables = 0
  const open = (driver: DriverName, options: ServerConnectOptions = {}): Connected => {
    const { user = 'postgres', ...others } = options
    const opened = connect(driver, engine.url.replace('postgres@', `${user}@`), others)
    connected.push(opened)
    return opened
  }
  return Object.assign(Object.create(engine), {
    admin: open('pg'),
    freeTable: () => `table_${tables++}`,
    connect: open,
    async stop() {
      await Promise.all(connected.map((one) => one.end()))
      await engine.stop()
    }
  })
}
