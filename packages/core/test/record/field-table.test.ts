import { describe, expect, it } from 'vitest'
import { createFieldCodec, isObject, isString, isTime, optional, sealed } from '../../src/record/field-table.ts'

interface Fields {
  readonly name: string
  readonly time: number
  readonly note?: string | undefined
  readonly flag?: true | undefined
  readonly unknownFields?: Readonly<Record<string, unknown>> | undefined
}

const codec = createFieldCodec<Fields>(
  {
    name: ['n', isString, sealed],
    time: ['t', isTime],
    note: ['o', optional(isString), sealed],
    flag: ['f', optional((value) => value === true)]
  },
  { v: 1 }
)
const unversioned = createFieldCodec<Fields>({
  name: ['n', isString, sealed],
  time: ['t', isTime],
  note: ['o', optional(isString), sealed],
  flag: ['f', optional((value) => value === true)]
})

describe('a table of fields', () => {
  it('Fields are stored under their letters, and absent ones are left out', () => {
    expect(codec.encode({ name: 'a', time: 7 })).toBe('{"v":1,"n":"a","t":7}')
    expect(codec.encode({ name: 'true', time: 7, flag: true })).toBe('{"v":1,"n":"true","t":7,"f":true}')
    expect(unversioned.encode({ name: 'a', time: 0, note: '' })).toBe('{"n":"a","t":0,"o":""}')
  })

  it.each(['a-_9', '', '"', '""', 'a"', '"a', 'a"b', '\\', 'ü', ' ', '\n', '\u2028', '{}'])(
    'The string %j is stored as JSON.stringify writes it',
    (name) => {
      const json = codec.encode({ name, time: 7 })
      expect(json).toBe(JSON.stringify({ v: 1, n: name, t: 7 }))
      expect(codec.decode(JSON.parse(json))?.name).toBe(name)
    }
  )

  it('Every decoded object has all properties, in the same order', () => {
    const least = codec.decode({ v: 1, t: 7, n: 'a' })
    expect(Object.entries(least ?? {})).toEqual([
      ['name', 'a'],
      ['time', 7],
      ['note', undefined],
      ['flag', undefined],
      ['unknownFields', undefined]
    ])
    expect(Object.keys(codec.decode({ o: 'x', n: 'a', t: 7, z: 1 }) ?? {})).toEqual(Object.keys(least ?? {}))
  })

  it('Fields without a letter survive, except the version', () => {
    const fields = codec.decode({ v: 1, n: 'a', t: 7, y: [1], z: null })
    expect(fields?.unknownFields).toEqual({ y: [1], z: null })
    expect(fields && codec.encode(fields)).toBe('{"v":1,"n":"a","t":7,"y":[1],"z":null}')
  })

  it.each([{}, { n: 'a' }, { t: 7 }, { n: 1, t: 7 }, { n: 'a', t: 7, o: 1 }, { o: 'a', t: 7 }])(
    '%j lacks a field, or has an invalid one',
    (stored) => {
      expect(codec.decode(stored)).toBeUndefined()
    }
  )

  it.each([
    [0, true],
    [7, true],
    [-1, false],
    [1.5, false],
    [2 ** 53, false],
    ['7', false],
    [undefined, false]
  ])('isTime(%j) is %s', (value, expected) => {
    expect(isTime(value)).toBe(expected)
  })

  it('The values that encryption authenticates are those of the sealed fields', () => {
    expect(codec.sealedValues({ name: 'a', time: 7 })).toEqual(['a', undefined])
  })

  it.each([
    [{}, true],
    [[], true],
    [null, false],
    [undefined, false],
    ['x', false],
    [7, false]
  ])('isObject(%j) is %s', (value, expected) => {
    expect(isObject(value)).toBe(expected)
  })
})
