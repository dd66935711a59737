import { describe, expect, it } from 'vitest'
import { findCircles } from '../circles.ts'

/** `ab` is an arrow from a to b. */
function circlesOf(...arrows: readonly string[]): { members: string; entangled: number }[] {
  return findCircles(arrows.map((arrow) => ({ from: arrow.charAt(0), to: arrow.charAt(1) }))).map(
    ({ members, entangled }) => ({ members: members.join(''), entangled })
  )
}

describe('findCircles', () => {
  it('finds none where arrows meet but lead one way', () => {
    expect(circlesOf('ab', 'ac', 'bd', 'cd')).toEqual([])
  })

  it('finds a thing that uses itself', () => {
    expect(circlesOf('ab', 'bb')).toEqual([{ members: 'b', entangled: 1 }])
  })

  it('leaves out what only leads to a circle or away from it', () => {
    expect(circlesOf('ab', 'bc', 'cb', 'cd')).toEqual([{ members: 'bc', entangled: 2 }])
  })

  it('tells the shortest circle of several that are entangled, and how many things they hold', () => {
    expect(circlesOf('ab', 'bc', 'ca', 'cd', 'dc')).toEqual([{ members: 'cd', entangled: 4 }])
  })

  it('tells one circle for each entangled group, the same in any order of the arrows', () => {
    const expected = [
      { members: 'abc', entangled: 3 },
      { members: 'xy', entangled: 2 }
    ]
    expect(circlesOf('ab', 'bc', 'ca', 'cx', 'xy', 'yx')).toEqual(expected)
    expect(circlesOf('yx', 'ca', 'xy', 'bc', 'cx', 'ab')).toEqual(expected)
  })
})
