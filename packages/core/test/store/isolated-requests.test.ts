import { afterEach, describe, expect, it, vi } from 'vitest'
import { areRequestsIsolated, whileTurnsGoOn } from '../../src/store/isolated-requests.ts'

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
  const still = { turns: 1 }

  it('waits until that has ended', () => {
    vi.stubGlobal('navigator', undefined)
    expect(whileTurnsGoOn(0)(endless, still)).toBe(endless)
  })

  it('goes ahead on Cloudflare, where that may never be, when no turn has begun for so long', async () => {
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    let looks = 0
    const moving = {
      get turns() {
        return Math.min(++looks, 5)
      }
    }
    await whileTurnsGoOn(1)(endless, moving)
    expect(looks).toBe(6)
  })

  it('leaves no timer there when that has ended first', async () => {
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    const cleared: unknown[] = []
    const { clearTimeout } = globalThis
    vi.stubGlobal('clearTimeout', (timer: NodeJS.Timeout) => {
      cleared.push(timer)
      clearTimeout(timer)
    })
    await whileTurnsGoOn(2 ** 31 - 1)(Promise.resolve(), still)
    expect(cleared).toHaveLength(1)
  })
})
