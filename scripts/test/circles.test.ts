import { describe, expect, it } from 'vitest'
import { findCircles } from '../circles.ts'

/** `ab` is an arrow from a to b. */
function circlesOf(...arrows: readonly string[]): { members: string; entangled: number }[] {
  return findCircles(arrows.map((arrow) => ({ from: arrow.charAt(0), to: arrow.charAt(1) }))).map(
    ({ members, entangled }) => ({ members: members.join(''), entangled })
  )
}

describe('findCircles', () => {
  it('A graph without a circle has none, even if arrows meet', () => {
    expect(circlesOf('ab', 'ac', 'bd', 'cd')).toEqual([])
  })

  it('A node that uses itself is a circle', () => {
    expect(circlesOf('ab', 'bb')).toEqual([{ members: 'b', entangled: 1 }])
  })

  it('Nodes that only lead to a circle or away from it are omitted', () => {
    expect(circlesOf('ab', 'bc', 'cb', 'cd')).toEqual([{ members: 'bc', entangled: 2 }])
  })

  it('Of connected circles the shortest is reported, with the number of nodes in all of them', () => {
    expect(circlesOf('ab', 'bc', 'ca', 'cd', 'dc')).toEqual([{ members: 'cd', entangled: 4 }])
  })

  it('Each connected group is reported as one circle, independent of the order of the arrows', () => {
    const expected = [
      { members: 'abc', entangled: 3 },
      { members: 'xy', entangled: 2 }
    ]
    expect(circlesOf('ab', 'bc', 'ca', 'cx', 'xy', 'yx')).toEqual(expected)
    expect(circlesOf('yx', 'ca', 'xy', 'bc', 'cx', 'ab')).toEqual(expected)
  })
})
