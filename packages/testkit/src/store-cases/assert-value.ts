import assert from 'node:assert/strict'
import type { FullStore } from './store-case.ts'

/** Asserts that `key` is live with exactly `expected`. */
export async function assertValue(store: FullStore, key: string, expected: string): Promise<void> {
  assertText(await store.get(key), expected)
}

/** Asserts that `get` resolves to `undefined`; neither `null` nor an empty text will do. */
export async function assertAbsent(store: FullStore, key: string): Promise<void> {
  const actual = await store.get(key)
  if (actual !== undefined) assert.fail(`expected the key to be absent (undefined), got ${describeValue(actual)}`)
}

/** Exact comparison with a message that stays short for a text of 1 MiB. */
export function assertText(actual: unknown, expected: string): void {
  if (actual === expected) return
  const at = typeof actual === 'string' ? `, first difference at index ${firstDifference(actual, expected)}` : ''
  assert.fail(`expected ${describeValue(expected)}, got ${describeValue(actual)}${at}`)
}

/** Repeats `check` for some turns of the event loop, so that work left over after a promise resolved shows. */
export async function assertStays(check: () => Promise<void>): Promise<void> {
  const end = performance.now() + 15
  // Turns are counted too: on a busy machine one of them may take the whole time.
  for (let turn = 0; turn < 8 || performance.now() < end; turn++) {
    await check()
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await check()
}

function describeValue(value: unknown): string {
  if (typeof value !== 'string') return `${value === null ? 'null' : typeof value}`
  return value.length <= 60
    ? JSON.stringify(value)
    : `${value.length} characters ${JSON.stringify(value.slice(0, 30))}…`
}

function firstDifference(left: string, right: string): number {
  let index = 0
  while (index < left.length && left[index] === right[index]) index++
  return index
}
