import { describeOn } from 'test-servers'
import { describe, expect, it } from 'vitest'
import type { ScaleGroundName } from '../src/scale-engines.ts'
import { measureGround } from '../src/scale-ground.ts'
import { summarise } from '../src/scale-latency.ts'
import { replaceGenerated, scaleText } from '../src/scale-table.ts'

const long = 120_000
const sessions = 2_000
const setting = { node: '24.0.0', cores: 2, memoryGib: 24 }
/** Of each kind, after as many that warm up; a login is a session more. */
const requests = 50
const logins = 2 * requests

const forms: readonly [ScaleGroundName, 'store' | 'engine', (name: string, register: () => void) => unknown][] = [
  ['sqlite', 'store', describe],
  ['redis', 'engine', describeOn('redis', { own: true })]
]

for (const [ground, by, describeOnGround] of forms) {
  describeOnGround(`the scale run on ${ground}`, () => {
    it('removes the half that has ended beside requests, loses nothing, and tells it', { timeout: long }, async () => {
      const result = await measureGround(ground, { sessions, requests })
      expect(result).toMatchObject({
        small: { sessions: 100, open: { requests } },
        large: { sessions, change: { requests }, login: { requests } },
        sweep: { by, removed: sessions / 2 },
        list: { keys: sessions / 2 + logins },
        lost: 0
      })
      expect(result.bytesPerSession).toBeGreaterThan(300)
      const text = scaleText([result], setting)
      expect(text).toContain(`| ${ground} | 2,000 | `)
      expect(text).toContain(`| ${ground} | 1,000 in `)
      expect(text).toContain(`| ${ground} | 1,100 in `)
    })
  })
}

describe('the text of the scale run', () => {
  it('replaces what stands between the marks of a page, and refuses a page without them', () => {
    const page = 'a\n<!-- generated: scale -->\nold\n<!-- /generated -->\nb\n'
    expect(replaceGenerated(page, 'new')).toBe('a\n<!-- generated: scale -->\nnew\n<!-- /generated -->\nb\n')
    expect(() => replaceGenerated('a', 'new')).toThrow('generated: scale')
  })

  it('takes the middle, the last hundredth and the end of the times', () => {
    const times = Array.from({ length: 1_000 }, (_, index) => 999 - index)
    expect(summarise(times)).toEqual({ requests: 1_000, median: 500, p99: 990, longest: 999 })
  })
})
