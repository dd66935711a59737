import assert from 'node:assert/strict'
import type { FileStore } from './store-folder.ts'

/** What is live, by key. */
export type Model = ReadonlyMap<string, string>

const expiresAt = Date.UTC(9999, 0)
const keys = Array.from({ length: 8 }, (_, index) => `session.${index}`)

interface Step {
  readonly key: string
  /** `undefined`: destroy. */
  readonly value: string | undefined
}

/** The same steps for the same seed, in any process: one in five destroys, the others write 0 to 12 kB. */
function stepOf(seed: number, step: number): Step {
  const draw = scramble(seed * 100_003 + step)
  const key = keys[draw % keys.length] ?? ''
  const value = draw % 5 === 0 ? undefined : `${seed}.${step}.${'x'.repeat(scramble(draw) % 12_000)}`
  return { key, value }
}

export async function applyStep(store: FileStore, seed: number, number: number): Promise<void> {
  const { key, value } = stepOf(seed, number)
  if (value === undefined) return store.delete(key)
  assert.equal(await store.compareAndSet(key, await store.get(key), value, expiresAt), true)
}

export function afterStep(model: Model, seed: number, number: number): Model {
  const { key, value } = stepOf(seed, number)
  const next = new Map(model)
  if (value === undefined) next.delete(key)
  else next.set(key, value)
  return next
}

export async function readModel(store: FileStore): Promise<Model> {
  const model = new Map<string, string>()
  for (const key of keys) {
    const value = await store.get(key)
    if (value !== undefined) model.set(key, value)
  }
  return model
}

/** A number of 31 bits that looks like chance. */
export function scramble(number: number): number {
  let bits = Math.imul(number ^ 0x9e3779b9, 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 1
}
