/** Kinds of requests, in the order of the tables. All but the first and the last carry the cookie of a live session. */
export const acts = ['no cookie', 'untouched', 'read', 'write', 'create'] as const
export type Act = (typeof acts)[number]

/** The requests of a user with a session, and the one that creates it. */
export const sessionActs = ['untouched', 'read', 'write', 'create'] as const
export type SessionAct = (typeof sessionActs)[number]

/** Read-heavy traffic: 14 of 16 requests read, one is untouched, one writes. */
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

/** 300 bytes as JSON. A new copy each time, because some libraries return the object that they were given. */
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

/** The `Cookie` header that a browser sends after these `Set-Cookie` values. */
export function pairsOf(setCookies: readonly string[]): string {
  return setCookies.map((one) => one.split(';', 1).join('')).join('; ')
}
