import type { Session, SessionManager } from '@kvsession/core'

/** What a binding mounts on its framework: the adapter over `manager`, then `handle` for every method and path. */
export interface AppSetup {
  /** Hand it to the adapter as it is. */
  readonly manager: SessionManager
  /**
   * The application. It answers by exactly one of `send`, `redirect` and `stream`, or fails: what it throws or rejects
   * with belongs to the framework's own error handling, which must answer with the error's `status`, 500 without one.
   */
  handle(exchange: AdapterExchange): Promise<void>
}

/** One request and its answer, in words that every framework has. */
export interface AdapterExchange {
  readonly method: string
  /** Without query. */
  readonly path: string
  /** The core session that the adapter made for this request. */
  readonly session: Session
  /** Sets a header of the answer, for errors too where the framework keeps headers then. */
  setHeader(name: string, value: string): void
  /** Adds a header and keeps those of the same name: the way the framework's users send a second `Set-Cookie`. */
  appendHeader(name: string, value: string): void
  /** Answers the way the framework's users do. No body: no `Content-Type` and nothing to send. */
  send(status: number, body?: string): unknown
  /** The framework's own redirect, 302. */
  redirect(location: string): unknown
  /** Answers 200 and sends each chunk when it comes. A chunk is asked for only after the one before was taken. */
  stream(chunks: AsyncIterable<string>): unknown
}

/** The application on a real socket. */
export interface RunningApp {
  /** `http://127.0.0.1:<port>`, without a trailing slash. */
  readonly url: string
  /** Ends all connections and frees the port. */
  close(): Promise<void>
}

export type CreateApp = (setup: AppSetup) => RunningApp | Promise<RunningApp>
