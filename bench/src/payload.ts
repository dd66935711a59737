/** How much data a session holds, as JSON. */
export type PayloadSize = '300 B' | '4 kB'

/** What every subject stores: a signed-in user, and a basket that makes the difference. */
export interface Payload {
  user: { name: string; roles: string[]; signedInAt: number }
  basket: { article: string; amount: number; note: string }[]
  views: number
}

const articles: Readonly<Record<PayloadSize, number>> = { '300 B': 2, '4 kB': 50 }

/** A fresh copy each time: some subjects hand out the object that they were given. */
export function makePayload(size: PayloadSize): Payload {
  return {
    user: { name: 'Ada Lovelace', roles: ['reader', 'editor'], signedInAt: 1_790_000_000_000 },
    basket: Array.from({ length: articles[size] }, (_, index) => ({
      article: `engine-part-${1000 + index}`,
      amount: index % 7,
      note: 'brass, polished, by post'
    })),
    views: 0
  }
}
