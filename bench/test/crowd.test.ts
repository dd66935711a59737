import { describe, expect, it } from 'vitest'
import { ownShare } from '../src/crowd.ts'

describe('our share of an operation', () => {
  it('is what is left without as many of the engine’s own reads and writes', () => {
    expect(ownShare(100, { get: 2, write: 1 }, { get: 10, write: 30 })).toBe(50)
  })

  it('is all of it where the engine was not asked', () => {
    expect(ownShare(7, { get: 0, write: 0 }, { get: 10, write: 30 })).toBe(7)
  })
})
