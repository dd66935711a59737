import { createSessionManager, type KeyValueStore, type SessionEvent, type SessionManager } from '@kvsession/core'

/** What a session of this shop holds. */
export interface ShopData {
  /** Pieces by product. */
  cart?: Record<string, number>
  /** Shown once, on the next page. */
  messages?: string[]
  /** What the browser called itself at login, for the list of devices. */
  userAgent?: string
}

declare global {
  namespace Express {
    /** Types `req.session` and `getSession(req).data`. */
    interface SessionData extends ShopData {}
  }
}

export type Sessions = SessionManager<ShopData>

export function createSessions(store: KeyValueStore, secret: string | string[]): Sessions {
  return createSessionManager<ShopData>({ store, secret, idleTimeout: '2h', absoluteTimeout: '24h', onEvent: print })
}

/** So that the terminal tells what each click did. Events hold public ids, never tokens or data. */
function print(event: SessionEvent): void {
  if (event.type === 'loaded' || event.type === 'swept') return
  const { type, ...details } = event
  const text = Object.entries(details).map(([name, value]) => `${name} ${String(value)}`)
  console.log(`session ${type}${text.length > 0 ? `: ${text.join(', ')}` : ''}`)
}
