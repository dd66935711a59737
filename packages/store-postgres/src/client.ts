import { SessionError } from '@kvsession/core'

/** What the store calls of pg: a `Pool`, or a connected `Client`. */
export interface PostgresPool {
  query(query: {
    text: string
    name?: string
    values?: (string | number)[]
  }): Promise<{ readonly rows: readonly unknown[]; readonly rowCount: number | null }>
  listenerCount?(event: 'error'): number
  /** Of a `Client`: `I` outside of transactions. */
  getTransactionStatus?(): string | null
}

/** What the store calls of postgres.js: the `sql` that `postgres()` gave. */
export interface PostgresJsClient {
  unsafe(
    text: string,
    values?: (string | number)[],
    options?: { prepare: boolean }
  ): Promise<readonly unknown[] & { readonly count: number }>
  /** Missing inside a transaction. */
  begin: unknown
  listen(
    channel: string,
    onPayload: (payload: string) => void,
    onListen?: () => void
  ): Promise<{ unlisten(): Promise<void> }>
}

export type PostgresClient = PostgresPool | PostgresJsClient

export interface Answer {
  readonly rows: readonly unknown[]
  /** How many rows the statement wrote. */
  readonly count: number
}

/** One round trip, one statement. Without a name it is not prepared, without values it may be any text. */
export type Run = (text: string, values?: (string | number)[], name?: string) => Promise<Answer>

const cure =
  'Pass a Pool of pg, createPostgresStore(new pg.Pool({ connectionString })), or the sql of postgres.js, createPostgresStore(postgres(url))'

/** @throws SessionError `STORE_INVALID` */
export function runnerOf(client: PostgresClient): Run {
  if (isPostgresJs(client)) {
    return async (text, values, name) => {
      const rows = await (values ? client.unsafe(text, values, { prepare: name !== undefined }) : client.unsafe(text))
      return checked(rows, values ? rows?.count : 0)
    }
  }
  assertPool(client)
  return async (text, values, name) => {
    if (/^[TE]$/.test(client.getTransactionStatus?.() ?? '')) {
      const message = 'The client is inside a transaction, which could undo a write. Give the store a Pool'
      throw new SessionError('STORE_INVALID', message)
    }
    const result = await client.query({ text, ...(values && { values }), ...(name && { name }) })
    return checked(result?.rows, values ? result?.rowCount : 0)
  }
}

/** A driver that answers something else must not pass for one that wrote. */
function checked(rows: unknown, count: unknown): Answer {
  if (!Array.isArray(rows) || typeof count !== 'number') throw misfit('it does not say how many rows it wrote')
  return { rows, count }
}

/** `undefined` for NULL. */
export function textOf(row: unknown, column: string): string | undefined {
  const text = fieldOf(row, column)
  if (text === null) return undefined
  if (typeof text !== 'string') throw misfit(`it gives no text for the column ${column}`)
  return text
}

export function fieldOf(row: unknown, column: string): unknown {
  return typeof row === 'object' && row !== null ? Reflect.get(row, column) : undefined
}

function misfit(what: string): SessionError {
  return new SessionError('STORE_INVALID', `The PostgreSQL store cannot use this client: ${what}. ${cure}`)
}

export function isPostgresJs(client: unknown): client is PostgresJsClient {
  if (typeof client !== 'function' || typeof Reflect.get(client, 'unsafe') !== 'function') return false
  // A transaction's sql, or a reserved connection's, which may be in one.
  if (typeof Reflect.get(client, 'begin') !== 'function') throw misfit('it is bound to one connection or transaction')
  return true
}

function assertPool(client: unknown): asserts client is PostgresPool {
  if (typeof client !== 'object' || client === null || typeof Reflect.get(client, 'query') !== 'function') {
    throw misfit('query() is missing')
  }
  const listenerCount: unknown = Reflect.get(client, 'listenerCount')
  if (typeof listenerCount === 'function' && Reflect.apply(listenerCount, client, ['error']) === 0) {
    const message =
      "Nobody listens to the pool's errors: a restart of the server would end this process. Call pool.on('error', report) before createPostgresStore(pool)"
    throw new SessionError('STORE_INVALID', message)
  }
}
