import type { CommitResult, ResponseCookie, Session, SessionData, SessionManager } from '@kvsession/core'

export { createTestClock, type TestClock } from './test-clock.ts'

/** What the session of a minted cookie holds, and where the cookie is to be sent. At least a user or data. */
export interface MintOptions<Data extends object> {
  /** Logs this user in. */
  readonly userId?: string
  readonly data?: Partial<Data>
  /** As `session.permanent`. */
  readonly permanent?: boolean | number
  /**
   * Where the tests reach the application. Host and protocol decide on the name of the cookie and on Secure, as they do for a
   * browser. Default `http://localhost`.
   */
  readonly url?: string
}

/** A cookie that the manager accepts. It grants access to its session: do not log it. */
export interface MintedCookie extends ResponseCookie {
  /** `name=value`, for the header `Cookie`. */
  readonly header: string
  /** For `browser.newContext({ storageState })` and the option `storageState` of Playwright. */
  readonly storageState: StorageState
}

export interface StorageState {
  cookies: {
    name: string
    value: string
    domain: string
    path: string
    /** Epoch seconds; -1 for a cookie that ends with the browser. */
    expires: number
    httpOnly: boolean
    secure: boolean
    sameSite: 'Strict' | 'Lax' | 'None'
  }[]
  origins: []
}

/**
 * Makes a session in the store of `manager`, and its cookie, so that a test of an application begins logged in, without the
 * pages of a login.
 *
 * @throws TypeError if there is neither a user nor data: such a session is not stored. SessionError as `login` and `commit`.
 */
export async function mintCookie<Data extends object = SessionData>(
  manager: SessionManager<Data>,
  options: MintOptions<Data>
): Promise<MintedCookie> {
  const { session, committed } = await mint(manager, options)
  const [cookie] = committed.cookies
  if (!cookie) throw nothingMinted('mintCookie()', 'mintToken() is for bearer tokens')
  const { hostname } = new URL(options.url ?? defaultUrl)
  return {
    ...cookie,
    header: `${cookie.name}=${cookie.value}`,
    storageState: { cookies: [{ ...browserCookie(cookie, hostname), expires: expiryOf(session, cookie) }], origins: [] }
  }
}

/** A bearer token that the manager accepts. It grants access to its session: do not log it. */
export interface MintedToken {
  readonly token: string
  /** `Bearer <token>`, for the header `Authorization`. */
  readonly header: string
}

/**
 * As {@link mintCookie}, for a manager with `transport: 'bearer'`.
 *
 * @throws TypeError if there is neither a user nor data. SessionError as `login` and `commit`.
 */
export async function mintToken<Data extends object = SessionData>(
  manager: SessionManager<Data>,
  options: MintOptions<Data>
): Promise<MintedToken> {
  const { committed } = await mint(manager, options)
  const token = committed.headers.find(([name]) => name === 'Session-Token')?.[1]
  if (token === undefined) throw nothingMinted('mintToken()', 'mintCookie() is for cookies')
  return { token, header: `Bearer ${token}` }
}

const defaultUrl = 'http://localhost'

async function mint<Data extends object>(
  manager: SessionManager<Data>,
  { userId, data, permanent, url = defaultUrl }: MintOptions<Data>
): Promise<{ readonly session: Session<Data>; readonly committed: CommitResult }> {
  const { host, protocol } = new URL(url)
  const session = await manager.open('', { host, encrypted: protocol === 'https:' })
  await session.load()
  if (data) Object.assign(session.data, data)
  if (permanent !== undefined) session.permanent = permanent
  if (userId !== undefined) await session.login(userId)
  return { session, committed: await manager.commit(session) }
}

function nothingMinted(name: string, other: string): TypeError {
  return new TypeError(`${name} needs a userId or data: a session that stores nothing has no token. ${other}`)
}

function browserCookie({ name, value, attributes }: ResponseCookie, hostname: string) {
  const { domain, path, httpOnly = false, secure = false, sameSite } = attributes
  return {
    name,
    value,
    // A leading dot: Playwright then sends it to subdomains too.
    domain: domain === undefined ? hostname : `.${domain}`,
    path,
    httpOnly,
    secure,
    sameSite: sameSites[sameSite]
  }
}

const sameSites = { strict: 'Strict', lax: 'Lax', none: 'None' } as const

function expiryOf({ expiresAt }: { readonly expiresAt: number }, { attributes }: ResponseCookie): number {
  return attributes.maxAge === undefined ? -1 : Math.ceil(expiresAt / 1000)
}
