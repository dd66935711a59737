import { describe, expect, it } from 'vitest'
import type { PayloadEncryption } from '../../src/record/encryption.ts'
import { pickFields } from '../../src/record/merge.ts'
import { firstMetadata } from '../../src/record/metadata-change.ts'
import { byteLength, decodePayload, exceeds, isFields, plaintextOf, serializeData } from '../../src/record/payload.ts'
import { encodeRecord } from '../../src/record/record.ts'
import { jsonSerializer } from '../../src/record/serializer.ts'
import { createFixture } from '../support/fixture.ts'

describe('the size of a string', () => {
  it.each(['', 'abc', 'äöü', '€', '😀', 'a€😀'])('The size is that of the UTF-8 encoding: %j', (value) => {
    const size = Buffer.byteLength(value)
    expect(byteLength(value)).toBe(size)
    expect([size - 1, size, size + 1].map((limit) => exceeds(value, limit))).toEqual([true, false, false])
  })
})

describe('data', () => {
  it('Data is an object, and not an array', () => {
    expect([{}, [], null, 'x', undefined, 7].map((value) => isFields(value))).toEqual([
      true,
      false,
      false,
      false,
      false,
      false
    ])
  })

  it('Only own keys of the data are picked', () => {
    expect(pickFields({ a: 1, b: undefined, c: 3 }, ['a', 'b', 'constructor', 'd'])).toEqual({ a: 1, b: undefined })
  })

  it('Data that is too large is refused with the names of its largest keys, largest first, and without values', async () => {
    const { browser } = createFixture({ maxRecordBytes: 512 })
    const storing = browser().request(({ data }) =>
      Object.assign(data, {
        small: 1,
        tiny: 2,
        large: 'l'.repeat(200),
        larger: 'm'.repeat(300),
        [`k${'x'.repeat(60)}`]: 'n'.repeat(250)
      })
    )
    await expect(storing).rejects.toThrow(
      `The data exceeds maxRecordBytes (512). Largest keys: larger (302), k${'x'.repeat(39)} (252), large (202) [`
    )
  })

  it('Data may be as large as maxRecordBytes, to the last byte', async () => {
    const { browser, manager } = createFixture({ maxRecordBytes: 512 })
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { note: '' }))
    const { id } = await tab.open()
    const left = 512 - Buffer.byteLength('{"note":""}')
    const fill = (length: number) => manager.update(id, (data) => Object.assign(data, { note: 'x'.repeat(length) }))
    expect(await fill(left)).toBe(true)
    await expect(fill(left + 1)).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' })
  })
})

describe('a custom serializer', () => {
  it('A serializer must return a well-formed string without U+0000', async () => {
    for (const bad of ['\0', '\ud800', 7]) {
      const { browser } = createFixture({
        serializer: {
          serialize: (data) => (Object.keys(Object(data)).length > 0 ? (bad as string) : '{}'),
          deserialize: JSON.parse
        }
      })
      const storing = browser().request(({ data }) => Object.assign(data, { a: 1 }))
      await expect(storing).rejects.toThrow('serializer must return a well-formed string without U+0000')
    }
  })
})

describe('a stored payload', () => {
  const clock = { now: () => 1_000 }
  const policy = { maxRecordBytes: 512 }
  const metadata = firstMetadata('w', 'h', 1)
  const encryption = (plainUntil: number): PayloadEncryption => ({
    encrypt: (plaintext) => `sealed:${plaintext}`,
    decrypt: (payload) => (payload.startsWith('sealed:') ? payload.slice(7) : undefined),
    plainUntil
  })

  it.each<[string, PayloadEncryption | undefined, boolean, string | undefined]>([
    ['{}', undefined, false, '{}'],
    ['{}', undefined, true, undefined],
    ['sealed:{}', encryption(0), true, '{}'],
    ['sealed:{}', encryption(0), false, '{}'],
    ['{}', encryption(1_000), false, undefined],
    ['{}', encryption(1_001), false, '{}'],
    ['{}', encryption(1_001), true, undefined],
    ['x'.repeat(1_024), undefined, false, 'x'.repeat(1_024)],
    ['x'.repeat(1_025), undefined, false, undefined]
  ])(
    'The payload %.10s with the encryption %j, marked as encrypted: %s, is read as %.10s',
    (payload, used, encrypted, expected) => {
      const record = encodeRecord(encrypted ? { ...metadata, encrypted } : metadata, payload)
      expect(plaintextOf({ encryption: used, policy, clock }, 'key', record)).toBe(expected)
    }
  )

  it('A payload is decoded if both its encryption and its data can be read', () => {
    const context = { serializer: jsonSerializer, encryption: undefined, policy, clock }
    const decode = (payload: string, encrypted?: true) =>
      decodePayload(context, 'key', encodeRecord({ ...metadata, ...(encrypted && { encrypted }) }, payload))
    expect(decode('{"a":1}')).toEqual({ plaintext: '{"a":1}', data: { a: 1 } })
    expect([decode('[1]'), decode('{'), decode('{"a":1}', true)]).toEqual([undefined, undefined, undefined])
  })

  it('The string that a serializer returns must be well-formed', () => {
    for (const serialized of [7, 'a\0', '\ud800']) {
      const serializer = { ...jsonSerializer, serialize: () => serialized as string }
      expect(() => serializeData({ serializer }, {})).toThrow(
        'serializer must return a well-formed string without U+0000 [DATA_UNSERIALIZABLE]'
      )
    }
  })
})
