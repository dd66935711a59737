/** The steps of a key rotation: add the new secret second, promote it, remove the old one. */
export interface Keys {
  readonly secrets: readonly string[]
  /** Whether the next step removes the old secret. Every session must have been used since the promotion. */
  readonly isPromoted: boolean
  /** Takes the next step. Returns whether a rotation is complete. */
  advance(): boolean
}

export function createKeys(name: string): Keys {
  const secretOf = (turn: number): string => `${name}: secret number ${turn} of a soak, long enough`
  let turn = 0
  let secrets = [secretOf(turn)]
  let isPromoted = false
  return {
    get secrets() {
      return secrets
    },
    get isPromoted() {
      return isPromoted
    },
    advance() {
      if (secrets.length === 1) {
        secrets = [secretOf(turn), secretOf(++turn)]
      } else if (!isPromoted) {
        secrets = secrets.toReversed()
        isPromoted = true
      } else {
        secrets = secrets.slice(0, 1)
        isPromoted = false
      }
      return secrets.length === 1
    }
  }
}
