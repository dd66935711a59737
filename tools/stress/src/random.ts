/** Random numbers that can be repeated: the same seed gives the same sequence. */
export interface Random {
  /** An integer from 0, below this limit. */
  below(limit: number): number
  pick<T>(list: readonly [T, ...T[]]): T
}

/** Mulberry32: small, seeded, good enough to draw inputs. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  function below(limit: number): number {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) % limit
  }
  return { below, pick: (list) => list[below(list.length)] ?? list[0] }
}
