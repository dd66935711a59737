import type { PayloadSize } from './payload.ts'

export type Act = 'no cookie' | 'untouched' | 'read' | 'write' | 'create'

/** One kind of request that is measured. */
export interface Cell {
  readonly act: Act
  readonly size: PayloadSize
  /** How many cookies the request carries, ours among them where it has a session. */
  readonly cookies: 1 | 20
}

export const acts: readonly Act[] = ['no cookie', 'untouched', 'read', 'write', 'create']

/** What a server that is under load is asked for. */
export const loadCells: readonly Cell[] = acts.slice(1, 4).map((act) => ({ act, size: '300 B', cookies: 1 }))

export function pathOf({ act, size }: Cell): string {
  if (act === 'create') return `/create/${size.replace(' ', '')}`
  return act === 'no cookie' ? '/untouched' : `/${act}`
}

export function hasSession({ act }: Cell): boolean {
  return act !== 'no cookie' && act !== 'create'
}

/** Ours in the middle of foreign ones, as long as real ones are. `own` may be empty. */
export function cookieHeader(own: string, cookies: 1 | 20): string {
  if (cookies === 1) return own
  const foreign = Array.from({ length: 19 }, (_, index) => `_analytics_${index}=GA1.${index}.9071235.1790000000`)
  return [...foreign.slice(0, 10), ...(own === '' ? [] : [own]), ...foreign.slice(10)].join('; ')
}

/** What a browser sends back for these `Set-Cookie` values. */
export function pairsOf(setCookies: readonly string[]): string {
  return setCookies.map((one) => one.split(';', 1).join('')).join('; ')
}
