import type { IncomingMessage, ServerResponse } from 'node:http'
import { createMemoryStore, type Session, type SessionManager, type SessionManagerOptions } from '@kvsession/core'
import express, { type Request, type RequestHandler } from 'express'
import type { Server as SocketServer } from 'socket.io'
import { describe, expectTypeOf, it } from 'vitest'
import {
  getSession,
  markFailed,
  type RequestSession,
  type SessionCookie,
  type SessionMiddleware,
  session
} from '../src/index.ts'

interface Cart {
  items: string[]
}

describe('Types of @kvsession/express', () => {
  it('userIdFrom reads the user id that passport stores, as documented', () => {
    session({ store: createMemoryStore(), secret: '', userIdFrom: (data) => data.passport?.user })
  })

  it('req.session has its members and the fields of SessionData, which are optional', () => {
    expectTypeOf<Request['session']>().toEqualTypeOf<RequestSession>()
    // Merged into Express.SessionData by support/site.ts.
    expectTypeOf<Request['session']['n']>().toEqualTypeOf<number | undefined>()
    expectTypeOf<RequestSession<Cart>['items']>().toEqualTypeOf<string[] | undefined>()
    expectTypeOf<RequestSession<Cart>>().not.toHaveProperty('other')
    expectTypeOf<RequestSession['cookie']>().toEqualTypeOf<SessionCookie>()
    expectTypeOf<Request['sessionID']>().toEqualTypeOf<string>()
  })

  it('req.session accepts null and data, but its members are read-only', () => {
    const check = (req: Request): void => {
      req.session = null
      req.session = { n: 1 }
      req.session.n = 2
      // @ts-expect-error the field is a number
      req.session.n = 'two'
      // @ts-expect-error read-only
      req.session.id = 'x'
      // @ts-expect-error read-only
      req.sessionID = 'x'
      // @ts-expect-error neither data nor null
      req.session = 'x'
      req.session.cookie.maxAge = 1
      // @ts-expect-error attributes are configuration
      req.session.cookie.secure = true
    }
    expectTypeOf(check).toBeFunction()
  })

  it('Methods return a promise, or accept a callback and return the session', () => {
    expectTypeOf<RequestSession['save']>().toExtend<() => Promise<boolean>>()
    expectTypeOf<RequestSession['regenerate']>().toExtend<(callback: (error?: Error) => void) => RequestSession>()
    expectTypeOf<RequestSession['destroy']>().toExtend<() => Promise<void>>()
  })

  it('getSession has the type of its manager, or of SessionData without a manager', () => {
    expectTypeOf<ReturnType<typeof getSession<Cart>>>().toEqualTypeOf<Session<Cart>>()
    const both = (req: Request, manager: SessionManager<Cart>): [Session<Cart>, number | undefined] => [
      getSession(req, manager),
      getSession(req).data.n
    ]
    expectTypeOf(both).toBeFunction()
  })

  it('The middleware accepts options or a manager of any data type, and fits Express, plain servers and engine.io', () => {
    expectTypeOf(session<Cart>).toBeCallableWith({} as SessionManagerOptions<Cart>)
    expectTypeOf(session<Cart>).toBeCallableWith({} as SessionManager<Cart>)
    expectTypeOf<SessionMiddleware>().toExtend<RequestHandler>()
    expectTypeOf<SessionMiddleware>().toExtend<
      (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void
    >()
    const mount = (middleware: SessionMiddleware, io: SocketServer): void => {
      express().use(middleware).use('/path', middleware).use(markFailed)
      io.engine.use(middleware)
    }
    expectTypeOf(mount).toBeFunction()
  })
})
