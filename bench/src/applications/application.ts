import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { makePayload, pathOf } from './scenario.ts'

/** One framework with one session library. */
export interface Application {
  /** Handles a request in process, without a socket. Resolves to the `Set-Cookie` values of the complete response. */
  request(path: string, cookie: string): Promise<readonly string[]>
  /** Listens on loopback. Resolves to the port. */
  serve(port: number): Promise<number>
}

/** Creates an application with one library. @param url address of the store, if it is on a server */
export type Library = (url: string) => Application | Promise<Application>

export type Fields = Record<string, unknown>
export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => unknown

/** How the routes use a session. `Context` is the argument that the framework passes to a handler. */
export interface SessionAccess<Context> {
  read(context: Context): unknown
  /** Adds 1 to `views`. */
  write(context: Context): unknown
  /** Sets the fields of an empty session. */
  create(context: Context, fields: Readonly<Fields>): unknown
}

/** For the bare framework, which has no sessions. */
export const noAccess: SessionAccess<unknown> = { read: () => 'no session', write() {}, create() {} }

/** Access to a session that is a plain object. */
export function fieldAccess<Context>(fieldsOf: (context: Context) => unknown): SessionAccess<Context> {
  return {
    read: (context) => asFields(fieldsOf(context)).user,
    write(context) {
      const fields = asFields(fieldsOf(context))
      fields.views = Number(fields.views) + 1
    },
    create: (context, fields) => Object.assign(asFields(fieldsOf(context)), fields)
  }
}

/** The routes that every application has, by path. */
export function routesOf<Context>(access: SessionAccess<Context>): ReadonlyMap<string, (context: Context) => unknown> {
  return new Map<string, (context: Context) => unknown>([
    [pathOf('untouched'), () => undefined],
    [pathOf('read'), (context) => readUser(access, context)],
    [pathOf('write'), (context) => access.write(context)],
    [pathOf('create'), (context) => access.create(context, makePayload())]
  ])
}

/** Throws if the session has no user, because a library that loses sessions would otherwise be the fastest. */
async function readUser<Context>(access: SessionAccess<Context>, context: Context): Promise<void> {
  if ((await access.read(context)) === undefined) throw new Error('The session has lost its user')
}

export function listen(server: Server, port: number): Promise<number> {
  // Idle connections stay open, so that thousands of them can be measured.
  Object.assign(server, { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host: '127.0.0.1', backlog: 4096 }, () => resolve(addressOf(server).port))
  })
}

function addressOf(server: Server): AddressInfo {
  const address = server.address()
  if (address !== null && typeof address === 'object') return address
  throw new Error('The server has no port')
}

/** The sessions of all libraries in the bench accept any field. */
export function asFields(session: unknown): Fields {
  return session as Fields
}
