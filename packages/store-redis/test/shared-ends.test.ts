import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sharedEnds } from '../src/shared-ends.ts'

/** Joins the parts by bytes, as the script does. */
function join(previous: string, next: string): string {
  const { front, end, middle } = sharedEnds(previous, next)
  const bytes = Buffer.from(previous)
  return Buffer.concat([bytes.subarray(0, front), Buffer.from(middle), bytes.subarray(bytes.length - end)]).toString()
}

describe('the shared ends of two strings', () => {
  it.each([
    ['', '', 0, 0, ''],
    ['abc', 'abc', 3, 0, ''],
    ['abc', '', 0, 0, ''],
    ['', 'abc', 0, 0, 'abc'],
    ['head tail', 'head, tail', 4, 5, ','],
    ['aaa', 'aa', 2, 0, ''],
    ['aa', 'aaa', 2, 0, 'a'],
    ['ä-ö', 'ä+ö', 2, 2, '+'],
    ['\u{1f600}', '\u{1f601}', 0, 0, '\u{1f601}'],
    ['\u{1f600}', '\u{1fa00}', 0, 0, '\u{1fa00}']
  ])(
    'From %j to %j, %d bytes in front and %d at the end are shared, and %j is new',
    (previous, next, front, end, middle) => {
      expect(sharedEnds(previous, next)).toEqual({ front, end, middle })
    }
  )

  it.each([0, 1, 1_023, 1_024, 1_025, 5_000])('%d shared characters at either end are found', (length) => {
    const kept = 'x'.repeat(length)
    for (const [previous, next] of [
      [`${kept}<`, `${kept}>>`],
      [`<${kept}`, `>>${kept}`],
      [`${kept}<${kept}`, `${kept}>>${kept}`]
    ] as const) {
      expect(sharedEnds(previous, next)).toMatchObject({ middle: '>>' })
      expect(join(previous, next)).toBe(next)
    }
  })

  it('The parts of any string can be joined again', () => {
    const part = fc.string({ unit: 'binary', maxLength: 8 })
    fc.assert(
      fc.property(part, part, part, part, (front, middle, other, end) => {
        const [previous, next] = [front + middle + end, front + other + end]
        expect(join(previous, next)).toBe(next)
      }),
      { numRuns: 300 }
    )
  })
})
