import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  createSessionManager,
  isSessionError,
  type SessionEvent,
  type SessionManager,
  type SessionManagerOptions
} from '@kvsession/core'
import { createRecordingStore, type RecordingStore } from '@kvsession/testkit'
import { type SessionMiddleware, session } from '../../src/index.ts'

/** Express types its requests. On a plain server the application must declare the properties of the middleware. */
export interface SessionRequest extends IncomingMessage, Express.Request {}
export type Handler = (request: SessionRequest, response: ServerResponse) => unknown

declare global {
  namespace Express {
    interface SessionData {
      n: number
      name: string
      list: string[]
      [key: string]: unknown
    }
  }
}

export interface Site {
  readonly store: RecordingStore
  readonly manager: SessionManager
  readonly middleware: SessionMiddleware
  readonly events: SessionEvent[]
  sessions(): Promise<number>
}

export const secret = 'the tests of the express adapter sign with this'

export function createSite(options: Partial<SessionManagerOptions> = {}): Site {
  const store = createRecordingStore()
  const events: SessionEvent[] = []
  const manager = createSessionManager({
    store,
    secret,
    onEvent: (event) => events.push(event),
    storeTimeout: 15_000,
    ...options
  })
  return {
    store,
    manager,
    middleware: session(manager),
    events,
    async sessions() {
      let count = 0
      for await (const _ of manager.list()) count++
      return count
    }
  }
}

/** The smallest chain: the middleware, then the handler. An error response has its status and code. */
export function chain(site: Site, handler: Handler): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    site.middleware(request, response, (error?: unknown) => {
      if (error !== undefined) {
        answerError(error, response)
        return
      }
      if (isSessionRequest(request)) void handler(request, response)
    })
  }
}

export function isSessionRequest(request: IncomingMessage): request is SessionRequest {
  return 'sessionID' in request
}

function answerError(error: unknown, response: ServerResponse): void {
  if (response.headersSent) return
  response.statusCode = isSessionError(error) ? error.status : 500
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'none'
  response.setHeader('X-Error', code)
  response.end(`error ${code}`)
}
