import {
  type ResponseCookie,
  type Session,
  SessionError,
  type SessionManager,
  type SessionPolicy
} from '@kvsession/core'
import { cookiesOf, reportLateChanges } from '@kvsession/core/adapter'
import { isControlFlow } from './control-flow.ts'
import { misuse } from './misuse.ts'
import { currentHeaders, type NextCookies, type NextHeaders, readNextRequest } from './next-request.ts'

/** A server action with the session of its request. `args` are what the client sends: check them. */
export type ActionHandler<Data extends object, Args extends readonly unknown[], Result> = (
  session: Session<Data>,
  ...args: Args
) => Result | Promise<Result>

const wrapped = new WeakSet<object>()

/** The requests whose action has a session, by their headers. */
const running = new WeakMap<object, Set<string>>()

/** Makes a server action of a handler: opens the session, runs the handler, stores what it changed, sets the cookie. */
export function wrapAction<Data extends object, Args extends readonly unknown[], Result>(
  next: NextHeaders,
  managerOf: () => SessionManager<Data>,
  run: ActionHandler<Data, Args, Result>
): (...args: Args) => Promise<Result> {
  checkHandler(run)
  const action = async (...args: Args): Promise<Result> => {
    const request = await readNextRequest(next, 'An action')
    const { cookies } = request
    const manager = managerOf()
    checkTransport(manager.policy)
    const { name } = manager.policy.cookie
    const leave = enter(request.headers, name)
    try {
      const session = await manager.open(currentHeaders(request, name))
      const result = await runOrStore({ manager, session, cookies }, () => run(session, ...args))
      await store({ manager, session, cookies }, false)
      return result
    } finally {
      leave()
    }
  }
  wrapped.add(action)
  return action
}

interface OpenAction<Data extends object> {
  readonly manager: SessionManager<Data>
  readonly session: Session<Data>
  readonly cookies: NextCookies
}

/** What the handler has changed before it throws is stored, and the cookie set, before the error is thrown on. */
async function runOrStore<Data extends object, Result>(
  opened: OpenAction<Data>,
  run: () => Result | Promise<Result>
): Promise<Result> {
  try {
    return await run()
  } catch (error) {
    // A redirect tells the visitor that the action succeeded, so a commit that fails takes its place.
    if (isControlFlow(error)) await store(opened, false)
    // If this commit fails too, that is an event; the error of the action says more.
    else await store(opened, true).catch(() => {})
    throw error
  }
}

async function store<Data extends object>(opened: OpenAction<Data>, failed: boolean): Promise<void> {
  const { manager, session, cookies } = opened
  try {
    await manager.commit(session, { failed })
  } finally {
    setCookies(cookies, cookiesOf(manager.responseHeaders(session)))
  }
  reportLateChanges(session)
}

/** @throws SessionError `HEADERS_SENT` if Next.js refuses to set a cookie now. */
function setCookies(cookies: NextCookies, list: readonly ResponseCookie[]): void {
  try {
    for (const { name, value, attributes } of list) cookies.set(name, value, attributes)
  } catch (cause) {
    throw new SessionError(
      'HEADERS_SENT',
      'An action was called where no cookie can be set, although its session needs one: call it from a form or from a ' +
        'client component, not while a page is rendered. What it has changed is stored',
      { cause }
    )
  }
}

/** @throws SessionError `ARGUMENT_INVALID` if an action of this request is still running. */
function enter(key: object, name: string): () => void {
  const names = running.get(key) ?? new Set()
  if (names.has(name)) {
    throw misuse(
      'action()',
      'an action calls another one, which would open its session again: call the function that both need'
    )
  }
  running.set(key, names.add(name))
  return () => names.delete(name)
}

/** @throws SessionError `ARGUMENT_INVALID` for bearer tokens, which responses carry in a header. */
function checkTransport({ transport }: SessionPolicy): void {
  if (transport !== 'bearer') return
  throw misuse('action()', 'Next.js lets an action set cookies, not headers: send bearer tokens in route handlers')
}

function checkHandler(run: unknown): void {
  if (typeof run !== 'function')
    throw misuse('action()', 'a function is missing: action(async (session, formData) => …)')
  if (wrapped.has(run))
    throw misuse('action()', 'this is an action already: wrap the function that takes the session, once')
}
