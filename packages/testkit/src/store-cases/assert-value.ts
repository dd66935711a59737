import assert from 'node:assert/strict'
import type { FullStore } from './store-case.ts'

/** Asserts that `key` is live with exactly `expected`. */
export async function assertValue(store: FullStore, key: string, expected: string): Promise<void> {
  assertSameString(await store.get(key), expected)
}

/** Asserts that `get` resolves to `undefined`, not to `null` or an empty string. */
export async function assertAbsent(store: FullStore, key: string): Promise<void> {
  const actual = await store.get(key)
  if (actual !== undefined) assert.fail(`expected the key to be absent (undefined), got ${describeValue(actual)}`)
}

/** Compares exactly, with a message that stays short for a value of 1 MiB. */
export function assertSameString(actual: unknown, expected: string): void {
  if (actual === expected) return
  const difference = typeof actual === 'string' ? `. ${describeDifference(actual, expected)}` : ''
  assert.fail(`expected ${describeValue(expected)}, got ${describeValue(actual)}${difference}`)
}

/** Repeats `check` for some turns of the event loop, to detect work that continues after a promise has resolved. */
export async function assertStays(check: () => Promise<void>): Promise<void> {
  const end = performance.now() + 15
  // Turns are counted too, because on a busy machine one turn may take the whole time.
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

/** Describes code points, because different strings may look the same. */
function describeDifference(actual: string, expected: string): string {
  const index = firstDifference(actual, expected)
  return `At index ${index}: expected ${codePointsAt(expected, index)}, got ${codePointsAt(actual, index)}`
}

/** An index in UTF-16 units, but never in the middle of a character. */
function firstDifference(left: string, right: string): number {
  let index = 0
  while (index < left.length && left[index] === right[index]) index++
  return index > 0 && /[\ud800-\udbff]/.test(left[index - 1] ?? '') ? index - 1 : index
}

function codePointsAt(value: string, index: number): string {
  const points = Array.from(value.slice(index, index + 6), (character) => {
    const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
    return `U+${hex}`
  })
  return points.length === 0 ? 'the end' : points.slice(0, 3).join(' ')
}
