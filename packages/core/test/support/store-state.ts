import type { Contents, Engine, Entry, Submitted } from './scheduled-store.ts'

/** One content of the store at one time. Equal contents are one object, so that what follows from them is computed once. */
export interface StoreState {
  readonly number: number
  readonly now: number
  readonly entries: ReadonlyMap<string, Entry>
  readonly next: Map<string, { readonly state: StoreState; readonly result: unknown }>
}

export interface StoreStates {
  of(contents: Contents): StoreState
  after(state: StoreState, operation: Submitted): { readonly state: StoreState; readonly result: unknown }
}

export function createStoreStates(engine: Engine): StoreStates {
  const states = new Map<string, StoreState>()
  const numbers = new Map<string, number>()

  function numberOf(value: string): number {
    let number = numbers.get(value)
    if (number === undefined) {
      number = numbers.size
      numbers.set(value, number)
    }
    return number
  }

  function of({ now, entries }: Contents): StoreState {
    const lines = [...entries].map(([key, { value, expiresAt }]) => `${key} ${numberOf(value)} ${expiresAt}`).sort()
    const value = `${now}\n${lines.join('\n')}`
    let state = states.get(value)
    if (!state) {
      state = { number: states.size, now, entries: new Map(entries), next: new Map() }
      states.set(value, state)
    }
    return state
  }

  return {
    of,
    after(state, operation) {
      if (operation.verb === 'answer') return { state, result: operation.result }
      const { verb, key, expected, value, expiresAt } = operation
      const question = `${verb} ${key} ${expiresAt} ${expected ?? ''}\0${value ?? ''}`
      let after = state.next.get(question)
      if (!after) {
        const contents: Contents = { now: state.now, entries: new Map(state.entries) }
        const result = engine(contents, operation)
        after = { state: of(contents), result }
        state.next.set(question, after)
      }
      return after
    }
  }
}
