import { describe, expect, it } from 'vitest'
import { type Costs, costTable, createCosts } from '../src/costs.ts'
import { costVerdicts } from '../src/sections/http.ts'

function readCosts(rounds: Readonly<Record<string, readonly number[]>>): Costs {
  const costs = createCosts()
  for (const [subject, numbers] of Object.entries(rounds)) {
    for (const microseconds of numbers) costs.add(subject, 'read', microseconds)
  }
  return costs
}

describe('Costs', () => {
  // The second round was slow for every subject.
  const costs = readCosts({ bare: [4, 50, 6], kvsession: [14, 70, 16], 'express-session': [24, 90, 26] })

  it('A cost is the difference to the bare framework in the same round', () => {
    expect(costs.above('kvsession', 'read')).toEqual([10, 20, 10])
  })

  it('Costs are compared within a round', () => {
    expect(costs.ratio('kvsession', 'express-session', 'read')).toBe(0.5)
  })

  it('The table shows costs with their quartiles, and the total time of the bare framework', () => {
    expect(costTable('title', costs, ['bare', 'kvsession'], ['read']).rows).toEqual([
      ['bare framework', '6.0'],
      ['kvsession', '10 (10–15)']
    ])
  })
})

describe('The verdict on a cost', () => {
  const target = { target: 'Express, read, to express-session', wanted: '≤ 0.45' }
  const peer = { bare: [0], 'express-session': [100] }

  it('A target is met at the limit', () => {
    const found = costVerdicts('express', readCosts({ ...peer, kvsession: [45] }))
    expect(found).toEqual([{ ...target, reached: '0.45', met: true }])
  })

  it('A target is missed above the limit', () => {
    const found = costVerdicts('express', readCosts({ ...peer, kvsession: [46] }))
    expect(found).toEqual([{ ...target, reached: '0.46', met: false }])
  })

  it('A target is missed if noise hides the difference', () => {
    const found = costVerdicts('express', readCosts({ ...peer, kvsession: [-1] }))
    expect(found).toMatchObject([{ reached: 'below what the noise allows to see', met: false }])
  })

  it('A subject that was not measured has no verdict', () => {
    expect(costVerdicts('express', readCosts({ bare: [0], kvsession: [1] }))).toEqual([])
  })
})
