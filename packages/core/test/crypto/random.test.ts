import { describe, expect, it } from 'vitest'
import { createRandomSource, createUniqueIds } from '../../src/crypto/random.ts'

describe('the random source', () => {
  it('The random source never repeats in 100,000 draws and is balanced in every bit', () => {
    const random = createRandomSource()
    const seen = new Set<string>()
    const ones = new Array<number>(128).fill(0)
    const draws = 100_000
    for (let i = 0; i < draws; i++) {
      const bytes = random(16)
      seen.add(Buffer.from(bytes).toString('hex'))
      for (let bit = 0; bit < 128; bit++) {
        if (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1) ones[bit] = (ones[bit] ?? 0) + 1
      }
    }
    expect(seen.size).toBe(draws)
    // Seven standard deviations: a false alarm once in 10^9 runs.
    const limit = 7 * Math.sqrt(draws / 4)
    for (const count of ones) expect(Math.abs(count - draws / 2)).toBeLessThan(limit)
  })

  it.each([0, 1, 15, 16, 32, 4095, 4096, 4097, 100_000])('The random source returns exactly %i bytes', (length) => {
    const random = createRandomSource()
    for (let i = 0; i < 3; i++) {
      const bytes = random(length)
      expect(bytes).toBeInstanceOf(Uint8Array)
      expect(bytes.length).toBe(length)
      if (length >= 15) expect(bytes.every((byte) => byte === 0)).toBe(false)
    }
  })

  it('The random source returns arrays that share no memory', () => {
    const random = createRandomSource()
    const first = random(16)
    const second = random(16)
    expect(first.buffer).not.toBe(second.buffer)
    expect(first.buffer.byteLength).toBe(16)
  })

  it('A custom randomBytes is called for each draw, and its result is copied', () => {
    const shared = new Uint8Array(4)
    const random = createRandomSource((length) => shared.subarray(0, length).fill(7))
    const drawn = random(3)
    shared.fill(0)
    expect([...drawn]).toEqual([7, 7, 7])
  })

  it.each([
    ['too few', () => new Uint8Array(15)],
    ['too many', () => new Uint8Array(17)],
    ['none', () => new Uint8Array()]
  ])('A custom randomBytes that returns %s bytes is refused', (_, source) => {
    expect(() => createRandomSource(source)(16)).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: 'randomBytes(16) must return a Uint8Array of that length, or be left out [OPTION_INVALID]'
      })
    )
  })

  it.each([undefined, null, 'a'.repeat(16), new Array(16).fill(0), new Uint16Array(16), Promise.resolve()])(
    'A custom randomBytes that returns %s is refused',
    (answer) => {
      // A caller without types may return any value.
      const source = Function('answer', 'return () => answer')(answer)
      expect(() => createRandomSource(source)(16)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
    }
  )
})

describe('createUniqueIds', () => {
  it('Three sources of createUniqueIds() give 200,000 different strings, and draw random bytes once for 65,536 of them', () => {
    let draws = 0
    const random = createRandomSource()
    const sources = Array.from({ length: 3 }, () =>
      createUniqueIds((length) => {
        draws++
        return random(length)
      })
    )
    const seen = new Set<string>()
    for (let i = 0; i < 200_000; i++) seen.add(sources[i % 3]?.() ?? '')
    expect(seen.size).toBe(200_000)
    expect(draws).toBe(6)
    expect([...seen].filter((id) => !/^[\w-]{13,16}$/.test(id))).toEqual([])
  })
})
