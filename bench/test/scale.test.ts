import { describeOn } from 'test-servers'
import { describe, expect, it } from 'vitest'
import { scaleSection } from '../src/sections/scale.ts'

describe('The section on a million sessions', () => {
  it('The SQLite store removes expired sessions during requests and loses no live session', async () => {
    const { tables, verdicts } = await scaleSection.run('sqlite', { quick: true, flags: [] })
    expect(tables[0]?.rows[0]?.slice(0, 2)).toEqual(['sqlite', '2,000'])
    const [, removed, , , listed] = tables[1]?.rows[0] ?? []
    expect(removed).toMatch(/^1,000 in /)
    // The live half of the sessions, and the logins of three rounds.
    expect(listed).toMatch(/^1,600 in /)
    expect(verdicts?.at(-1)).toEqual({ target: 'sqlite, live sessions lost', wanted: '0', reached: '0', met: true })
  })
})

describeOn('redis', { own: true })('The section on a million sessions, on Redis', () => {
  it('Redis has no sweep to measure, because it removes expired values by itself', async () => {
    const { tables } = await scaleSection.run('redis', { quick: true, flags: [] })
    expect(tables[1]?.rows[0]?.slice(0, 4)).toEqual(['redis', 'by itself', '–', '–'])
  })
})
