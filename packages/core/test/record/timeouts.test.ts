import { describe, expect, it } from 'vitest'
import {
  absoluteDeadline,
  deadline,
  longestLifetime,
  passedLimit,
  type TimedMetadata,
  type TimeoutPolicy
} from '../../src/record/timeouts.ts'

const policy = { idleTimeout: 10, absoluteTimeout: 100, permanentLifetime: 1_000, maxLifetime: 5_000 }

describe('the limits of a session', () => {
  it.each<[string, TimedMetadata, number, number]>([
    ['without its own lifetime ends at the idle timeout', { createdAt: 1_000, lastSeenAt: 1_050 }, 1_100, 1_060],
    ['in use ends at its absolute limit', { createdAt: 1_000, lastSeenAt: 1_095 }, 1_100, 1_100],
    [
      'that is permanent ends with its lifetime, even in use',
      { createdAt: 1_000, lastSeenAt: 1_000, permanent: true },
      2_000,
      2_000
    ],
    [
      'with its own lifetime counts it from the start',
      { createdAt: 1_000, lastSeenAt: 1_000, permanent: 300 },
      1_300,
      1_300
    ],
    [
      'whose own lifetime was set later counts it from that time',
      { createdAt: 1_000, lastSeenAt: 1_000, permanent: 300, permanentSince: 1_700 },
      2_000,
      2_000
    ],
    [
      'that became permanent later counts its lifetime from the start',
      { createdAt: 1_000, lastSeenAt: 1_000, permanent: true, permanentSince: 1_700 },
      2_000,
      2_000
    ],
    [
      'with its own lifetime never exceeds maxLifetime',
      { createdAt: 1_000, lastSeenAt: 1_000, permanent: 300, permanentSince: 5_900 },
      6_000,
      6_000
    ]
  ])('A session %s', (_, metadata, absolute, end) => {
    expect(absoluteDeadline(metadata, policy)).toBe(absolute)
    expect(deadline(metadata, policy)).toBe(end)
  })

  it.each<[string, Partial<TimeoutPolicy>, Partial<TimedMetadata>, number, number]>([
    ['with rolling counts its lifetime from the last use', { rolling: true }, { permanent: true }, 6_000, 2_050],
    [
      'with rolling also counts its own lifetime from the last use',
      { rolling: true },
      { permanent: 300 },
      6_000,
      1_350
    ],
    ['without a user ends at the anonymous timeout', { anonymousTimeout: 5 }, {}, 1_100, 1_055],
    ['of a user has no anonymous timeout', { anonymousTimeout: 5 }, { userId: 'alice' }, 1_100, 1_060],
    [
      'that is permanent and has no user ends at the anonymous timeout',
      { anonymousTimeout: 5 },
      { permanent: true },
      2_000,
      1_055
    ]
  ])('A session %s', (_, options, more, absolute, end) => {
    const metadata = { createdAt: 1_000, lastSeenAt: 1_050, ...more }
    expect(absoluteDeadline(metadata, { ...policy, ...options })).toBe(absolute)
    expect(deadline(metadata, { ...policy, ...options })).toBe(end)
  })

  it('A limit has passed from its exact millisecond on', () => {
    const idle = { createdAt: 1_000, lastSeenAt: 1_050 }
    expect([1_059, 1_060, 1_099].map((now) => passedLimit(idle, policy, now))).toEqual([undefined, 'idle', 'idle'])
    const busy = { createdAt: 1_000, lastSeenAt: 1_095 }
    expect([1_099, 1_100].map((now) => passedLimit(busy, policy, now))).toEqual([undefined, 'absolute'])
  })

  it('No session lives longer than the longer of absoluteTimeout and maxLifetime', () => {
    expect(longestLifetime(policy)).toBe(5_000)
    expect(longestLifetime({ ...policy, maxLifetime: 7 })).toBe(100)
  })
})
