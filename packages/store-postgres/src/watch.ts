import { randomUUID } from 'node:crypto'
import { type AsyncKeyValueStore, SessionError } from '@kvsession/core'
import { fieldOf, isPostgresJs, type PostgresClient, type PostgresJsClient, type Run } from './client.ts'

export type Watch = NonNullable<AsyncKeyValueStore['watch']>

/** Receives the notifications and the state of a listening connection. */
interface Listener {
  onPayload(payload: string): void
  onLost(): void
  /** It listens again after it was lost. */
  onBack(): void
}

/** Listens on the channel until the returned function is called; reconnects by itself. */
type Listen = (channel: string, listener: Listener) => Promise<() => void>

export interface WatchOptions {
  readonly channel: string
  /** A client that connects to the server directly. */
  readonly listening: PostgresClient
  /** Runs a statement on the client of the store. */
  readonly run: Run
  /** The functions that end the watches of the store. */
  readonly stops: Set<() => void>
}

/** Milliseconds within which a new watch must receive its own notification. */
const mostWait = 5_000
/** Milliseconds after which a lost connection is opened again. */
const retryInterval = 250

/**
 * One connection that listens (LISTEN) to the notifications (NOTIFY) of the store's writes.
 *
 * @throws SessionError `STORE_INVALID` for a client that cannot listen
 */
export function createWatch({ channel, listening, run, stops }: WatchOptions): Watch {
  const listen = listenerOf(listening)
  return async (prefix, onKey, onGap) => {
    // Receiving its own notification proves that notifications arrive: some poolers do not pass them on.
    const probe = `!${randomUUID()}`
    let ended = false
    let confirm = (): void => {}
    const arrived = new Promise<void>((resolve) => {
      confirm = resolve
    })
    const unlisten = await listen(channel, {
      onPayload: (payload) => {
        if (payload === probe) confirm()
        else if (!ended && payload.startsWith(prefix) && !payload.startsWith('!')) onKey(payload)
      },
      onLost: () => ended || onGap(false),
      onBack: () => ended || onGap(true)
    })
    const stop = (): void => {
      if (ended) return
      ended = true
      stops.delete(stop)
      unlisten()
    }
    stops.add(stop)
    try {
      await run(`NOTIFY "${channel}", '${probe}'`)
      await within(arrived)
    } catch (error) {
      stop()
      throw error
    }
    return stop
  }
}

async function within(arrived: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(notReceived()), mostWait)
  })
  await Promise.race([arrived, late]).finally(() => clearTimeout(timer))
}

function notReceived(): SessionError {
  return new SessionError(
    'STORE_INVALID',
    'The PostgreSQL store did not receive its own notification. pgbouncer in transaction mode passes none on: set watchClient to a pool that connects to the server directly'
  )
}

function listenerOf(client: PostgresClient): Listen {
  if (isPostgresJs(client)) return listenByPostgresJs(client)
  const Client: unknown = fieldOf(client, 'Client')
  if (typeof Client === 'function') {
    const settings: unknown = fieldOf(client, 'options')
    return listenByPg(client, () => asConnection(Reflect.construct(Client, [settings])))
  }
  throw new SessionError(
    'STORE_INVALID',
    'notify: true needs a Pool of pg or the sql of postgres.js, which can open a connection that listens'
  )
}

/** The driver listens again by itself; it does not report a lost connection. */
function listenByPostgresJs(sql: PostgresJsClient): Listen {
  return async (channel, { onPayload, onBack }) => {
    let established = false
    const { unlisten } = await sql.listen(channel, onPayload, () => {
      if (established) onBack()
      established = true
    })
    return () => void unlisten().catch(() => undefined)
  }
}

/** The members of a `Client` of pg that are used here. */
interface PgConnection {
  connect(): Promise<unknown>
  query(statement: string): Promise<unknown>
  end(): Promise<unknown>
  on(event: string, listener: (value: unknown) => void): unknown
  unref?(): void
}

/** A `Client` outside of the pool, because a client of the pool would delay the end of the pool. */
function listenByPg(pool: object, open: () => PgConnection): Listen {
  return async (channel, { onPayload, onLost, onBack }) => {
    let current: PgConnection | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    let ended = false

    async function connect(): Promise<void> {
      const connection = open()
      connection.on('error', () => lose(connection))
      connection.on('end', () => lose(connection))
      connection.on('notification', (message) => onPayload(String(fieldOf(message, 'payload'))))
      try {
        await connection.connect()
        await connection.query(`LISTEN "${channel}"`)
      } catch (error) {
        close(connection)
        throw error
      }
      if (ended) close(connection)
      else current = connection
      connection.unref?.()
    }

    function lose(connection: PgConnection): void {
      if (connection !== current) return
      current = undefined
      close(connection)
      if (ended) return
      onLost()
      reconnect()
    }

    function reconnect(): void {
      if (ended || fieldOf(pool, 'ending') === true) return
      connect().then(onBack, () => {
        timer = setTimeout(reconnect, retryInterval)
        timer.unref()
      })
    }

    await connect()
    return () => {
      ended = true
      clearTimeout(timer)
      if (current) close(current)
    }
  }
}

function close(connection: PgConnection): void {
  connection.end().catch(() => undefined)
}

/** The class `Client` of a pool makes nothing else. */
function asConnection(value: unknown): PgConnection {
  return value as PgConnection
}
