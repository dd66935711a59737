/** The drill of a key rotation: add the new secret as the second, promote it, remove the old one. */
export interface Keys {
  readonly secrets: readonly string[]
  /** The next step is to remove the old secret: every session must have been visited since the promotion. */
  readonly promoted: boolean
  /** @returns whether a rotation is complete. */
  advance(): boolean
}

export function createKeys(name: string): Keys {
  const secretOf = (turn: number): string => `${name}: secret number ${turn} of a soak, long enough`
  let turn = 0
  let secrets = [secretOf(turn)]
  let promoted = false
  return {
    get secrets() {
      return secrets
    },
    get promoted() {
      return promoted
    },
    advance() {
      if (secrets.length === 1) {
        secrets = [secretOf(turn), secretOf(++turn)]
      } else if (!promoted) {
        secrets = secrets.toReversed()
        promoted = true
      } else {
        secrets = secrets.slice(0, 1)
        promoted = false
      }
      return secrets.length === 1
    }
  }
}
