import { createSessionManager, type KeyValueStore, type SessionEvent, type SessionManager } from '@kvsession/core'

/** The data of a session in this shop. */
export interface ShopData {
  /** Quantities by product. */
  cart?: Record<string, number>
  /** Shown once, on the next page. */
  messages?: string[]
  /** The browser's user agent at login, for the list of devices. */
  userAgent?: string
}

declare global {
  namespace Express {
    /** The type of `req.session` and `getSession(req).data`. */
    interface SessionData extends ShopData {}
  }
}

export type Sessions = SessionManager<ShopData>

export function createSessions(store: KeyValueStore, secret: string | string[]): Sessions {
  return createSessionManager<ShopData>({ store, secret, idleTimeout: '2h', absoluteTimeout: '24h', onEvent: print })
}

/** Prints the effect of each click. Events contain public ids, never tokens or data. */
function print(event: SessionEvent): void {
  if (event.type === 'loaded' || event.type === 'swept') return
  const { type, ...details } = event
  const fields = Object.entries(details).map(([name, value]) => `${name} ${String(value)}`)
  console.log(`session ${type}${fields.length > 0 ? `: ${fields.join(', ')}` : ''}`)
}
