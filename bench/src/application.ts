import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One framework with one way to keep sessions, ready to answer. */
export interface Application {
  /** Answers in process. Resolves when the answer is complete, to its `Set-Cookie` values. */
  request(path: string, cookie: string): Promise<readonly string[]>
  /** Serves on a free loopback port. */
  serve(): Promise<number>
}

/** What handlers do with a session, whatever gives it. `Context`: what the framework hands to them. */
export interface SessionAccess<Context> {
  read(context: Context): unknown
  /** Adds one to `views`. */
  write(context: Context): unknown
  /** Fills a session that holds nothing yet. */
  create(context: Context, fields: Readonly<Record<string, unknown>>): unknown
}

/** Nothing to look at: what the framework alone costs. */
export const noAccess: SessionAccess<unknown> = { read: () => 'nobody', write() {}, create() {} }

/** Reads, and fails where nobody is found: a library that has lost the session would be a fast one. */
export async function readUser<Context>(access: SessionAccess<Context>, context: Context): Promise<void> {
  if ((await access.read(context)) === undefined) throw new Error('The session has lost its user')
}

export function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(addressOf(server).port))
  })
}

function addressOf(server: Server): AddressInfo {
  const address = server.address()
  if (address !== null && typeof address === 'object') return address
  throw new Error('The server listens on no port')
}
