import type { IncomingMessage, ServerResponse } from 'node:http'
import { makePayload, pathOf } from './scenario.ts'

/** One framework with one session library: a handler of Node, for a server or for `exchange`. */
export type Application = (request: IncomingMessage, response: ServerResponse) => unknown

/** Makes an application of one library. @param url address of its store, for a store on a server */
export type Library = (url: string) => Application | Promise<Application>

export type Fields = Record<string, unknown>

/** What the routes do with a session. `Context`: what the framework passes to a handler. */
export interface SessionAccess<Context> {
  read(context: Context): unknown
  /** Adds 1 to `views`. */
  write(context: Context): unknown
  /** Fills a session that is empty. */
  create(context: Context, fields: Readonly<Fields>): unknown
}

/** The bare framework: no session. */
export const noAccess: SessionAccess<unknown> = { read: () => 'nobody', write() {}, create() {} }

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

/** Fails without a user: a library that loses sessions would be the fastest. */
async function readUser<Context>(access: SessionAccess<Context>, context: Context): Promise<void> {
  if ((await access.read(context)) === undefined) throw new Error('The session has lost its user')
}

/** A session of every library here accepts any field. */
export function asFields(session: unknown): Fields {
  return session as Fields
}
