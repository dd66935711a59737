import { afterEach, describe, expect, it, vi } from 'vitest'
import { areRequestsIsolated, whileTheyMove } from '../src/isolated-requests.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

it.each([
  ['Node 20, which says nothing of itself', undefined, false],
  ['a platform that says nothing of itself', {}, false],
  ['Node', { userAgent: 'Node.js/24' }, false],
  ['Cloudflare', { userAgent: 'Cloudflare-Workers' }, true]
])('what a request began ends with it on Cloudflare alone: %s', (_, navigator, expected) => {
  vi.stubGlobal('navigator', navigator)
  expect(areRequestsIsolated()).toBe(expected)
})

describe('who waits for another request', () => {
  const endless = new Promise(() => {})
  const still = { moved: 0 }

  it('waits until that has ended', () => {
    vi.stubGlobal('navigator', undefined)
    expect(whileTheyMove(0)(endless, still)).toBe(endless)
  })

  it('goes ahead on Cloudflare, where that may never be, when nothing has moved for so long', async () => {
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    let moves = 3
    const moving = {
      get moved() {
        return moves-- > 0 ? performance.now() : 0
      }
    }
    await whileTheyMove(1)(endless, moving)
    expect(moves).toBe(-1)
  })

  it('goes on there too when that has ended', async () => {
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    await whileTheyMove(2 ** 31 - 1)(Promise.resolve(), still)
  })
})
