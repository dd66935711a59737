import type { Engine, Entry, Ground, Submitted } from './scheduled-store.ts'

/** One content of the store at one time. Equal contents are one object, so that what follows from them is computed once. */
export interface StoreState {
  readonly number: number
  readonly now: number
  readonly entries: ReadonlyMap<string, Entry>
  readonly next: Map<string, { readonly state: StoreState; readonly result: unknown }>
}

export interface StoreStates {
  of(ground: Ground): StoreState
  after(state: StoreState, operation: Submitted): { readonly state: StoreState; readonly result: unknown }
}

export function createStoreStates(engine: Engine): StoreStates {
  const states = new Map<string, StoreState>()
  const texts = new Map<string, number>()

  function numberOf(text: string): number {
    let number = texts.get(text)
    if (number === undefined) {
      number = texts.size
      texts.set(text, number)
    }
    return number
  }

  function of({ now, entries }: Ground): StoreState {
    const lines = [...entries].map(([key, { value, expiresAt }]) => `${key} ${numberOf(value)} ${expiresAt}`).sort()
    const text = `${now}\n${lines.join('\n')}`
    let state = states.get(text)
    if (!state) {
      state = { number: states.size, now, entries: new Map(entries), next: new Map() }
      states.set(text, state)
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
        const ground: Ground = { now: state.now, entries: new Map(state.entries) }
        const result = engine(ground, operation)
        after = { state: of(ground), result }
        state.next.set(question, after)
      }
      return after
    }
  }
}
