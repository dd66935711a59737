import assert from 'node:assert/strict'
import type { KeyValueStore } from '@kvsession/core'

/** The live records, by key. */
export type Model = ReadonlyMap<string, string>
export type WrittenStore = Pick<Required<KeyValueStore>, 'get' | 'compareAndSet' | 'delete'>

/** The steps of one writer. They are the same for the same seed, in any process. */
export interface Steps {
  apply(store: WrittenStore, step: number): Promise<void>
  /** The model after a step, from the model before it. */
  after(model: Model, step: number): Model
}

const expiresAt = Date.UTC(9999, 0)

/** The keys of a lane: one writer alone writes them. */
function keysOf(lane: string): readonly string[] {
  return Array.from({ length: 8 }, (_, index) => `${lane}.${index}`)
}

/** One step in five destroys, the others write 0 to 12 kB. */
export function stepsOf(lane: string, seed: number): Steps {
  const keys = keysOf(lane)

  function stepOf(step: number): { readonly key: string; readonly value: string | undefined } {
    const draw = scramble(seed * 100_003 + step)
    const key = keys[draw % keys.length] ?? ''
    const value = draw % 5 === 0 ? undefined : `${seed}.${step}.${'x'.repeat(scramble(draw) % 12_000)}`
    return { key, value }
  }

  return {
    async apply(store, step) {
      const { key, value } = stepOf(step)
      if (value === undefined) return store.delete(key)
      assert.equal(await store.compareAndSet(key, await store.get(key), value, expiresAt), true)
    },
    after(model, step) {
      const { key, value } = stepOf(step)
      const next = new Map(model)
      if (value === undefined) next.delete(key)
      else next.set(key, value)
      return next
    }
  }
}

export async function readModel(store: WrittenStore, lane: string): Promise<Model> {
  const model = new Map<string, string>()
  for (const key of keysOf(lane)) {
    const value = await store.get(key)
    if (value !== undefined) model.set(key, value)
  }
  return model
}

/** A hash of 31 bits. */
export function scramble(number: number): number {
  let bits = Math.imul(number ^ 0x9e3779b9, 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 1
}
