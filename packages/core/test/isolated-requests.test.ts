import { afterEach, expect, it, vi } from 'vitest'
import { areRequestsIsolated } from '../src/isolated-requests.ts'

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
