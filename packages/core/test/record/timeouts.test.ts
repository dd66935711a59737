import { describe, expect, it } from 'vitest'
import {
  absoluteDeadline,
  deadline,
  longestLifetime,
  passedLimit,
  type TimedMetadata
} from '../../src/record/timeouts.ts'

const policy = { idleTimeout: 10, absoluteTimeout: 100, permanentLifetime: 1_000, maxLifetime: 5_000 }

describe('the limits of a session', () => {
  it.each<[string, TimedMetadata, number, number]>([
    ['without a lifetime of its own ends idle', { createdAt: 1_000, lastSeenAt: 1_050 }, 1_100, 1_060],
    ['or at its absolute limit, if that comes first', { createdAt: 1_000, lastSeenAt: 1_095 }, 1_100, 1_100],
    [
      'that is permanent ends with its lifetime, idle or not',
      { createdAt: 1_000, lastSeenAt: 1_000, permanent: true },
      2_000,
      2_000
    ],
    [
      'with a lifetime of its own counts it from the start',
      { createdAt: 1_000, lastSeenAt: 1_000, permanent: 300 },
      1_300,
      1_300
    ],
    [
      'or from when it was set',
      { createdAt: 1_000, lastSeenAt: 1_000, permanent: 300, permanentSince: 1_700 },
      2_000,
      2_000
    ],
    [
      'and never outlives the longest one',
      { createdAt: 1_000, lastSeenAt: 1_000, permanent: 300, permanentSince: 5_900 },
      6_000,
      6_000
    ]
  ])('%s', (_, metadata, absolute, end) => {
    expect(absoluteDeadline(metadata, policy)).toBe(absolute)
    expect(deadline(metadata, policy)).toBe(end)
  })

  it('have passed from their very millisecond on', () => {
    const idle = { createdAt: 1_000, lastSeenAt: 1_050 }
    expect([1_059, 1_060, 1_099].map((now) => passedLimit(idle, policy, now))).toEqual([undefined, 'idle', 'idle'])
    const busy = { createdAt: 1_000, lastSeenAt: 1_095 }
    expect([1_099, 1_100].map((now) => passedLimit(busy, policy, now))).toEqual([undefined, 'absolute'])
  })

  it('are never longer than the longer of the two that no session outlives', () => {
    expect(longestLifetime(policy)).toBe(5_000)
    expect(longestLifetime({ ...policy, maxLifetime: 7 })).toBe(100)
  })
})
