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
  // The second round of the peer was slow for everyone.
  const costs = readCosts({ bare: [4, 50, 6], kvsession: [14, 70, 16], 'express-session': [24, 90, 26] })

  it('are counted above the bare framework of the same round', () => {
    expect(costs.above('kvsession', 'read')).toEqual([10, 20, 10])
  })

  it('are compared within a round', () => {
    expect(costs.ratio('kvsession', 'express-session', 'read')).toBe(0.5)
  })

  it('stand in a table with their quartiles, the bare framework with its own time', () => {
    expect(costTable('title', costs, ['bare', 'kvsession'], ['read']).rows).toEqual([
      ['bare framework', '6.0'],
      ['kvsession', '10 (10–15)']
    ])
  })
})

describe('The verdict on a cost', () => {
  const target = { target: 'Express, read, to express-session', wanted: '≤ 0.45' }
  const peer = { bare: [0], 'express-session': [100] }

  it('is met at the limit', () => {
    const found = costVerdicts('express', readCosts({ ...peer, kvsession: [45] }))
    expect(found).toEqual([{ ...target, reached: '0.45', met: true }])
  })

  it('is missed above the limit', () => {
    const found = costVerdicts('express', readCosts({ ...peer, kvsession: [46] }))
    expect(found).toEqual([{ ...target, reached: '0.46', met: false }])
  })

  it('is missed where noise has hidden the difference', () => {
    const found = costVerdicts('express', readCosts({ ...peer, kvsession: [-1] }))
    expect(found).toMatchObject([{ reached: 'below what the noise allows to see', met: false }])
  })

  it('is absent for a subject that was not measured', () => {
    expect(costVerdicts('express', readCosts({ bare: [0], kvsession: [1] }))).toEqual([])
  })
})
