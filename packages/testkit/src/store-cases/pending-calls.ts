/** The calls of a case that have not settled yet. */
export interface PendingCalls {
  /** Returns what `call` returns, and remembers it until it settles. */
  track<Result>(method: string, key: string | undefined, call: () => Promise<Result>): Promise<Result>
  /** Names the call that has been pending longest. */
  describe(): string
}

export function createPendingCalls(): PendingCalls {
  const pending = new Map<symbol, string>()
  return {
    track(method, key, call) {
      const id = Symbol(method)
      const forget = (): void => void pending.delete(id)
      pending.set(id, `${method}(${key === undefined ? '' : JSON.stringify(key)})`)
      try {
        const result = call()
        Promise.resolve(result).then(forget, forget)
        return result
      } catch (error) {
        forget()
        throw error
      }
    },
    describe() {
      const [longest] = pending.values()
      if (longest === undefined) return 'the store is too slow'
      const others = pending.size > 1 ? `, nor have ${pending.size - 1} other calls` : ''
      return `${longest} has not settled${others}`
    }
  }
}
