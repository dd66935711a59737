import { describe, expect, it } from 'vitest'
import { type Figures, readFigures, type Verdict } from '../src/figures.ts'
import { plainFloor, sameFloor } from '../src/floor-names.ts'
import { costVerdict } from '../src/framework-cost.ts'
import { pageText } from '../src/page.ts'
import { sections } from '../src/sections.ts'
import { unexplained } from '../src/unmet.ts'

const express = sections.filter(({ name }) => name === 'express')

function figuresWith(verdicts: readonly Verdict[]): Figures {
  return { ran: '2026-01-01', machine: 'Node v24', quick: false, tables: [], verdicts }
}

describe('the page', () => {
  it('explains a target while it is missed, and not when it is met', () => {
    const [section] = express
    if (!section) throw new Error('There is a section on Express')
    const verdict = { target: 'Express, read, against express-session', wanted: '≤ 0.25', reached: '0.47', met: false }
    const missed = pageText(sections, [{ section, figures: figuresWith([verdict]) }])
    expect(missed).toContain('| Express, read, against express-session | ≤ 0.25 |  | 0.47 | **not met** |')
    expect(missed).toContain('## What is not met, and why')
    const met = pageText(sections, [{ section, figures: figuresWith([{ ...verdict, met: true }]) }])
    expect(met).not.toContain('not met')
  })

  it('has an explanation ready for every target that was ever measured', () => {
    const verdicts = sections.flatMap(({ name }) => readFigures(name)?.verdicts ?? [])
    expect(verdicts.length).toBeGreaterThan(20)
    expect(unexplained(verdicts.map((one) => ({ ...one, met: false })))).toEqual([])
  })
})

describe('the verdict on a cost', () => {
  const times = new Map([
    ['bare|read|300 B|1', [4, 5, 6]],
    ['kvsession|read|300 B|1', [14, 15, 16]],
    ['peer|read|300 B|1', [24, 95, 26]],
    [`${plainFloor}|read|300 B|1`, [9, 10, 11]],
    [`${sameFloor}|read|300 B|1`, [10, 11, 12]]
  ])

  it('is the median of what the rounds say above the bare framework of the same round, the floors’ beside it', () => {
    expect(costVerdict('Express', { against: 'peer', act: 'read', limit: 0.5 }, times)).toEqual({
      target: 'Express, read, against peer',
      wanted: '≤ 0.5',
      floors: '0.25 / 0.30',
      reached: '0.50',
      met: true
    })
  })

  it('misses a target by whatever little', () => {
    expect(costVerdict('Express', { against: 'peer', act: 'read', limit: 0.49 }, times).met).toBe(false)
  })

  it('does not take a difference that noise has eaten for a target met', () => {
    const noisy = new Map([...times, ['kvsession|read|300 B|1', [4]]])
    expect(costVerdict('Express', { against: 'peer', act: 'read', limit: 0.5 }, noisy)).toMatchObject({
      reached: 'lost in noise',
      met: false
    })
  })

  it('is in microseconds against the framework itself', () => {
    expect(costVerdict('Express', { against: 'bare', act: 'read', limit: 9 }, times)).toMatchObject({
      reached: '10 µs',
      met: false
    })
  })
})
