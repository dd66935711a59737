import { describe, expect, it } from 'vitest'
import { drawCurves } from '../src/curves.ts'

const points = [
  { curve: 'SQLite', sessions: 10_000_000, growth: 1.1 },
  { curve: 'SQLite', sessions: 10_000, growth: 1 },
  { curve: 'Memory', sessions: 100_000, growth: 1.3 }
]

describe('the curves of growth', () => {
  it('are one line an engine, from few sessions to many, on an axis of powers', () => {
    const svg = drawCurves(points)
    expect(svg.match(/<polyline points="[^"]*"/g)).toEqual([
      '<polyline points="56,160 576,148"',
      '<polyline points="229,124"'
    ])
    expect(svg).toContain('>100,000</text>')
  })

  it('end where the picture does', () => {
    expect(drawCurves([...points, { curve: 'Steep', sessions: 10_000, growth: 40 }])).toContain('points="56,40"')
  })
})
