import { describe, expect, it } from 'vitest'
import { withoutMany, withoutThorough } from '../src/selection.ts'

const source = '/clone/packages/core/src/crypto/crypto-node.ts'
const own = 'packages/core/test/crypto/crypto.test.ts > hashes > empty string'
const other = 'packages/core/test/token/token.test.ts > a token > is signed'
const thorough = ['packages/core/test/crypto/crypto.test.ts', 'packages/core/test/token/token.test.ts']

describe('The tests of a mutant', () => {
  it('Thorough tests of another source run only if no other test reaches the mutant', () => {
    expect(withoutThorough([own, other], source, thorough)).toEqual([own])
    expect(withoutThorough([other], source, thorough)).toEqual([other])
    expect(withoutThorough([own, other], source, [])).toEqual([own, other])
  })

  it('All tests named after the source run, and 200 of the others, some from each file', () => {
    const many = Array.from({ length: 400 }, (_, index) => `many.test.ts > ${index}`)
    const few = Array.from({ length: 5 }, (_, index) => `few.test.ts > ${index}`)
    const chosen = withoutMany([...many, ...few, own], source)
    expect(chosen).toHaveLength(201)
    expect(chosen).toEqual(expect.arrayContaining([own, ...few, ...many.slice(0, 195)]))
  })
})
