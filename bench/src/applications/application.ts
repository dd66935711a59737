import type { IncomingMessage, ServerResponse } from 'node:http'
import { makePayload, pathOf } from './scenario.ts'

/** One framework with one session library: a handler of Node, for a server or for `exchange`. */
export type Application = (request: IncomingMessage, response: ServerResponse) => unknown

/** Creates an application with one library. @param url address of the store, if it is on a server */
export type Library = (url: string) => Application | Promise<Application>

export type Fields = Record<string, unknown>

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

/** The sessions of all libraries in the bench accept any field. */
export function asFields(session: unknown): Fields {
  return session as Fields
}
