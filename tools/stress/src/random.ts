/** Chance that can be repeated: the same seed draws the same. */
export interface Chance {
  /** A whole number from 0, below this one. */
  below(limit: number): number
  pick<T>(list: readonly [T, ...T[]]): T
}

/** Mulberry32: small, seeded, good enough to draw inputs. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0
  function below(limit: number): number {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) % limit
  }
  return { below, pick: (list) => list[below(list.length)] ?? list[0] }
}
