import type { Session, SessionManager } from '@kvsession/core'

/** The setup of an application: mount the adapter over `manager`, then `handle` for every method and path. */
export interface AppSetup {
  /** Pass it to the adapter unchanged. */
  readonly manager: SessionManager
  /**
   * The application. It calls exactly one of `send`, `redirect` and `stream`, or fails. Pass a thrown or rejected error to
   * the framework's error handling, which must respond with the error's `status`, or with 500 if it has none.
   */
  handle(exchange: AdapterExchange): Promise<void>
}

/** One request and its response, with the operations that every framework has. */
export interface AdapterExchange {
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** The core session that the adapter opened for this request. */
  readonly session: Session
  /** Sets a response header. It also applies to error responses if the framework keeps headers for them. */
  setHeader(name: string, value: string): void
  /** Appends a header and keeps others of the same name, as the framework's users do for a second `Set-Cookie`. */
  appendHeader(name: string, value: string): void
  /** Responds as the framework's users do. Without a body, it sends no `Content-Type` and no content. */
  send(status: number, body?: string): unknown
  /** Calls the framework's own redirect, with status 302. */
  redirect(location: string): unknown
  /** Responds with 200 and sends each chunk as it arrives. It requests a chunk only after the previous one was accepted. */
  stream(chunks: AsyncIterable<string>): unknown
}

/** The application on a real socket. */
export interface RunningApp {
  /** `http://127.0.0.1:<port>`, without a trailing slash. */
  readonly url: string
  /** Closes all connections and frees the port. */
  close(): Promise<void>
}

export type CreateApp = (setup: AppSetup) => RunningApp | Promise<RunningApp>
