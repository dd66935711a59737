/** Kinds of requests, in the order of the tables. All but the first and the last carry the cookie of a live session. */
export const acts = ['no cookie', 'untouched', 'read', 'write', 'create'] as const
export type Act = (typeof acts)[number]

/** The requests that use a session, and the request that creates it. */
export const sessionActs = ['untouched', 'read', 'write', 'create'] as const
export type SessionAct = (typeof sessionActs)[number]

/** Read-heavy load: of 16 requests, 14 read the session, one does not touch it, and one writes. */
export const readHeavy: readonly string[] = [
  ...Array.from({ length: 14 }, () => pathOf('read')),
  pathOf('untouched'),
  pathOf('write')
]

export function pathOf(act: Act): string {
  return act === 'no cookie' ? '/untouched' : `/${act}`
}

export function hasSession(act: Act): boolean {
  return act !== 'no cookie' && act !== 'create'
}

/** 300 bytes as JSON. Returns a new object each time, because some libraries keep a reference to it. */
export function makePayload(): Record<string, unknown> {
  return {
    user: { name: 'Ada Lovelace', roles: ['reader', 'editor'], signedInAt: 1_790_000_000_000 },
    basket: [0, 1].map((amount) => ({
      article: `engine-part-${1000 + amount}`,
      amount,
      note: 'brass, polished, by post'
    })),
    views: 0
  }
}

/** The `Cookie` header of a browser that has received these `Set-Cookie` values. */
export function pairsOf(setCookies: readonly string[]): string {
  return setCookies.map((one) => one.split(';', 1).join('')).join('; ')
}
