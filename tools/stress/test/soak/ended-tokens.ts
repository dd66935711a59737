import type { Random } from '../../src/random.ts'

export interface EndedToken {
  readonly cookie: string
  readonly why: string
}

/** Tokens that must not work any more; those of guests from some time on. */
export interface EndedTokens {
  add(why: string, ...cookies: readonly string[]): void
  addFrom(time: number, why: string, cookie: string): void
  /** A random one that has ended by now, recent ones more often. */
  pick(now: number): EndedToken | undefined
  all(now: number): readonly EndedToken[]
}

const most = 20_000
const recentCount = 50

/** Keeps 20,000; beyond that a new one replaces a random one. */
export function createEndedTokens(random: Random): EndedTokens {
  const ended: EndedToken[] = []
  const expiring: (EndedToken & { readonly time: number })[] = []

  function add(token: EndedToken): void {
    if (ended.length < most) ended.push(token)
    else ended[random.below(most)] = token
  }

  function addExpired(now: number): void {
    const live = expiring.findIndex(({ time }) => time > now)
    for (const token of expiring.splice(0, live === -1 ? expiring.length : live)) add(token)
  }

  return {
    add(why, ...cookies) {
      for (const cookie of cookies) add({ why, cookie })
    },
    addFrom: (time, why, cookie) => void expiring.push({ why, cookie, time }),
    pick(now) {
      addExpired(now)
      if (ended.length === 0) return undefined
      const recent = random.below(2) === 0 ? 0 : Math.max(0, ended.length - recentCount)
      return ended[recent + random.below(ended.length - recent)]
    },
    all(now) {
      addExpired(now)
      return ended
    }
  }
}
