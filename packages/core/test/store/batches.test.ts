import { describe, expect, it } from 'vitest'
import { eachOf, inBatches } from '../../src/store/batches.ts'

describe('many tasks', () => {
  it('Sixteen tasks run at a time, and their results are in order', async () => {
    let running = 0
    let most = 0
    const ids = Array.from({ length: 40 }, (_, index) => String(index))
    const results = await eachOf(ids, async (id) => {
      most = Math.max(most, ++running)
      for (let i = 0; i < 3; i++) await Promise.resolve()
      running--
      return Number(id) * 2
    })
    expect(most).toBe(16)
    expect(results).toEqual(ids.map((id) => Number(id) * 2))
  })
})

describe('batches', () => {
  it('Batches have the allowed size, run one after another, and their results are in order', async () => {
    const sizes: number[] = []
    const items = Array.from({ length: 7 }, (_, index) => index)
    const results = await inBatches(items, 3, async (batch) => {
      sizes.push(batch.length)
      return batch.map((item) => item * 2)
    })
    expect(sizes).toEqual([3, 3, 1])
    expect(results).toEqual(items.map((item) => item * 2))
  })

  it('No batch runs if there is no item', async () => {
    expect(await inBatches([], 3, () => Promise.reject(new Error('called')))).toEqual([])
  })
})
