import { isSessionError, type Session, type SessionEvent, type SessionManager } from '../../src/index.ts'
import type { Ledger } from './ledger.ts'

/** One process as a scenario sees it: it takes requests, and the ledger records the responses. */
export interface Client {
  readonly manager: SessionManager
  readonly ledger: Ledger
  /**
   * One whole request as an adapter runs it: open, handle, commit, respond. `handle` may return a record to make once the
   * client was told that everything is stored.
   *
   * @returns the cookie of the next request.
   */
  request(cookie: string, handle: (session: Session) => Promise<Acknowledge> | Acknowledge): Promise<string>
  /** Runs an operation that is no request; an error of the store is a response too. */
  attempt(task: () => Promise<void>): Promise<void>
  /** Moves the clock, as a step of its own. */
  jump(milliseconds: number): Promise<void>
  /** Reports a violated invariant from inside a handler. */
  violated(invariant: string, message: string): void
}

/** Called with the response: the cookie that was set, if any, and whether the commit was reported dropped. */
export type Acknowledge =
  | ((answer: { readonly cookie: string | undefined; readonly dropped: boolean }) => void)
  | undefined

export interface ClientParts {
  readonly name: string
  readonly manager: SessionManager
  readonly events: readonly SessionEvent[]
  readonly ledger: Ledger
  jump(milliseconds: number): Promise<void>
  violated(invariant: string, message: string): void
}

export function createClient({ name, manager, events, ledger, jump, violated }: ClientParts): Client {
  function failed(error: unknown): void {
    if (isSessionError(error)) ledger.failures.push({ by: name, code: error.code })
    else violated('unexpected-error', `${name}: ${error instanceof Error ? error.stack : String(error)}`)
  }

  async function request(
    cookie: string,
    handle: (session: Session) => Promise<Acknowledge> | Acknowledge
  ): Promise<string> {
    const start = events.length
    let session: Session | undefined
    let acknowledge: Acknowledge
    let headers: readonly (readonly [string, string])[] = []
    let ok = true
    try {
      session = await manager.open(cookie)
      try {
        acknowledge = await handle(session)
      } catch (error) {
        ok = false
        failed(error)
      }
      headers = (await manager.commit(session, { failed: !ok })).headers
    } catch (error) {
      ok = false
      failed(error)
      if (session) headers = manager.responseHeaders(session)
    }
    const line = headers.find(([header]) => header === 'Set-Cookie')?.[1]
    const set = line?.split(';')[0]
    const cleared = set?.endsWith('=') === true
    if (session && set !== undefined && !cleared) ledger.sent.push({ cookie: set, id: session.id, by: name })
    // Events name the session, which several requests of one process may use; a dropped session is not live any more.
    const over = session !== undefined && session.toJSON().state !== 'live'
    const dropped = over && events.slice(start).some(({ type }) => type === 'dropped')
    if (ok) acknowledge?.({ cookie: cleared ? undefined : set, dropped })
    return cleared ? '' : (set ?? cookie)
  }

  async function attempt(task: () => Promise<void>): Promise<void> {
    try {
      await task()
    } catch (error) {
      failed(error)
    }
  }

  return { manager, ledger, request, attempt, jump, violated }
}
