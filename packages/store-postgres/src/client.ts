import { SessionError } from '@kvsession/core'

/** The methods of pg that the store calls. A `Pool` and a connected `Client` have them. */
export interface PostgresPool {
  query(query: {
    text: string
    name?: string
    values?: (string | number)[]
  }): Promise<{ readonly rows: readonly unknown[]; readonly rowCount: number | null }>
  listenerCount?(event: 'error'): number
  /** Only a `Client` has it. Returns `I` outside of transactions. */
  getTransactionStatus?(): string | null
}

/** The methods of postgres.js that the store calls. The `sql` that `postgres()` returns has them. */
export interface PostgresJsClient {
  unsafe(
    query: string,
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

export interface QueryResult {
  readonly rows: readonly unknown[]
  /** The number of rows that the statement wrote. */
  readonly count: number
}

/** Runs one statement in one round trip. Without a name it is not prepared; without values it may be any SQL. */
export type Run = (query: string, values?: (string | number)[], name?: string) => Promise<QueryResult>

const hint =
  'Pass a Pool of pg, createPostgresStore(new pg.Pool({ connectionString })), or the sql of postgres.js, createPostgresStore(postgres(url))'

/** @throws SessionError `STORE_INVALID` */
export function runnerOf(client: PostgresClient): Run {
  if (isPostgresJs(client)) {
    return async (query, values, name) => {
      const rows = await (values ? client.unsafe(query, values, { prepare: name !== undefined }) : client.unsafe(query))
      return checked(rows, values ? rows?.count : 0)
    }
  }
  assertPool(client)
  return async (query, values, name) => {
    if (/^[TE]$/.test(client.getTransactionStatus?.() ?? '')) {
      const message = 'The client is inside a transaction that could undo a write. Give the store a Pool'
      throw new SessionError('STORE_INVALID', message)
    }
    const result = await client.query({ text: query, ...(values && { values }), ...(name && { name }) })
    return checked(result?.rows, values ? result?.rowCount : 0)
  }
}

/** An unexpected result of the driver must not count as a write. */
function checked(rows: unknown, count: unknown): QueryResult {
  if (!Array.isArray(rows) || typeof count !== 'number')
    throw invalidClient('it does not report the number of written rows')
  return { rows, count }
}

/** Returns `undefined` for NULL. */
export function stringOf(row: unknown, column: string): string | undefined {
  const value = fieldOf(row, column)
  if (value === null) return undefined
  if (typeof value !== 'string') throw invalidClient(`it returns no string for the column ${column}`)
  return value
}

export function fieldOf(row: unknown, column: string): unknown {
  return typeof row === 'object' && row !== null ? Reflect.get(row, column) : undefined
}

function invalidClient(problem: string): SessionError {
  return new SessionError('STORE_INVALID', `The PostgreSQL store cannot use this client: ${problem}. ${hint}`)
}

export function isPostgresJs(client: unknown): client is PostgresJsClient {
  if (typeof client !== 'function' || typeof Reflect.get(client, 'unsafe') !== 'function') return false
  // The sql of a transaction, or of a reserved connection that may be inside one.
  if (typeof Reflect.get(client, 'begin') !== 'function')
    throw invalidClient('it is bound to one connection or transaction')
  return true
}

function assertPool(client: unknown): asserts client is PostgresPool {
  if (typeof client !== 'object' || client === null || typeof Reflect.get(client, 'query') !== 'function') {
    throw invalidClient('query() is missing')
  }
  const listenerCount: unknown = Reflect.get(client, 'listenerCount')
  if (typeof listenerCount === 'function' && Reflect.apply(listenerCount, client, ['error']) === 0) {
    const message =
      "The pool has no error listener, so a restart of the server would end this process. Call pool.on('error', report) before createPostgresStore(pool)"
    throw new SessionError('STORE_INVALID', message)
  }
}
