import { describe, expect, it } from 'vitest'
import { type Fields, field, merge, replaceFields, setField } from '../../src/record/merge.ts'

const serialize = (value: unknown): string => JSON.stringify(value)

describe('a merge of two changes', () => {
  const merged = (base: Fields, ours: Fields, theirs: Fields) => merge({ base, ours, theirs }, serialize)

  it('A merge keeps what either side changed, added or deleted', () => {
    const base = { kept: 1, here: 1, there: 1, goneHere: 1, goneThere: 1 }
    const ours = { kept: 1, here: 2, there: 1, goneThere: 1, newHere: 1 }
    const theirs = { kept: 1, here: 1, there: 2, goneHere: 1, newThere: 1 }
    const expected = { kept: 1, here: 2, there: 2, newHere: 1, newThere: 1 }
    expect(merged(base, ours, theirs)).toEqual({ data: expected, conflicts: [] })
  })

  it('Values are compared by their serialized form', () => {
    expect(merged({ a: [1] }, { a: [1] }, { a: [2] })).toEqual({ data: { a: [2] }, conflicts: [] })
    expect(merged({ a: [1] }, { a: [3] }, { a: [1] })).toEqual({ data: { a: [3] }, conflicts: [] })
  })

  it('A conflict is a key that both sides changed to different values, and ours is kept', () => {
    expect(merged({ a: 1 }, { a: 2 }, { a: 3 })).toEqual({ data: { a: 2 }, conflicts: ['a'] })
    expect(merged({ a: 1 }, { a: [2] }, { a: [2] })).toEqual({ data: { a: [2] }, conflicts: [] })
    expect(merged({ a: 1 }, {}, { a: 3 })).toEqual({ data: {}, conflicts: ['a'] })
    expect(merged({ a: 1 }, { a: 2 }, {})).toEqual({ data: { a: 2 }, conflicts: ['a'] })
    expect(merged({ a: 1 }, {}, {})).toEqual({ data: {}, conflicts: [] })
  })

  it('onConflict is called for conflicts, and for nothing else', () => {
    const conflicts: unknown[] = []
    const { data } = merge(
      { base: { a: 1, b: 1 }, ours: { a: 2, b: 2 }, theirs: { a: 3, b: 1 } },
      serialize,
      (conflict) => {
        conflicts.push(conflict)
        return 'decided'
      }
    )
    expect(conflicts).toEqual([{ key: 'a', base: 1, ours: 2, theirs: 3 }])
    expect(data).toEqual({ a: 'decided', b: 2 })
  })

  it('Identical values are not serialized', () => {
    const never = (): string => expect.fail('serialized')
    const value = {}
    const same = { a: value, b: 1 }
    expect(merge({ base: same, ours: { ...same }, theirs: { ...same } }, never).data.a).toBe(value)
  })
})

describe('the fields of data', () => {
  it('A field such as __proto__ is an own field', () => {
    const fields: Fields = {}
    setField(fields, '__proto__', 1)
    expect([field(fields, '__proto__'), field(fields, 'constructor'), field({ a: 2 }, 'a')]).toEqual([1, undefined, 2])
    expect(Object.getOwnPropertyDescriptor(fields, '__proto__')).toEqual({
      value: 1,
      writable: true,
      enumerable: true,
      configurable: true
    })
  })

  it('replaceFields() takes the fields of the source, in its order, except those that stay', () => {
    const [ours, theirs] = [{ n: 1 }, { n: 2 }]
    const target: Fields = { gone: 1, kept: ours, changed: ours }
    replaceFields(target, { added: 1, changed: theirs, kept: theirs }, (key) => key === 'kept')
    expect(Object.keys(target)).toEqual(['added', 'changed', 'kept'])
    expect([target.kept, target.changed]).toEqual([ours, theirs])
    expect(target.kept).toBe(ours)
  })
})
