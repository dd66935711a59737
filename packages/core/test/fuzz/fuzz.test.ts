import { recordResults, startStopwatch } from 'test-servers/results'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { fuzz } from './run-target.ts'
import { type Target, targets } from './targets.ts'

const executions = Number(process.env.KVSESSION_FUZZ ?? 5_000_000)
const seed = Number(process.env.KVSESSION_SEED ?? 1)

/** Milliseconds that one input may take. */
const bound = 50

describe('untrusted input', () => {
  const counts: Record<string, number> = {}
  const stopwatch = startStopwatch()
  let done = 0

  it.each(targets)('$name: no crash, no wrong answer, nothing slow', { timeout: 60_000 + executions }, (target) => {
    const result = fuzz(target, Math.ceil((executions * target.share) / 1_000), seed)
    expect(result.slowest).toBeLessThan(bound)
    counts[target.name] = result.executions
    done += result.executions
  })

  afterEach(() => {
    expect(Reflect.get({}, 'isAdmin')).toBeUndefined()
  })

  afterAll(() => {
    console.log(`${done} executions, 0 crashes (seed ${seed}): ${JSON.stringify(counts)}`)
    recordResults('fuzz', {
      seed,
      seconds: stopwatch(),
      counts: { executions: done, ...counts, crashes: 0, [`slower than ${bound} ms`]: 0 }
    })
  })
})

it('The targets share all executions', () => {
  expect(targets.reduce((sum, { share }) => sum + share, 0)).toBe(1_000)
})

describe('mistakes that the fuzzer finds', () => {
  const broken = (name: string, run: (input: unknown) => void): Target => {
    const target = targets.find((one) => one.name === name)
    if (!target) throw new Error(`no target ${name}`)
    return {
      ...target,
      make(from) {
        const next = target.make(from)
        return () => {
          const { input, run: real } = next()
          return {
            input,
            run() {
              real()
              run(input)
            }
          }
        }
      }
    }
  }

  it('The fuzzer finds a scan that decodes names', () => {
    const target = broken('header scan', (input) => {
      if (String(input).includes('%48')) throw new URIError('malformed')
    })
    expect(() => fuzz(target, 5_000, seed)).toThrow(/header scan, execution \d+ of seed \d+: URIError/)
  })

  it('The fuzzer finds a token that is trimmed before it is checked', () => {
    const target = broken('token', (input) => {
      const value = String(input)
      if (value !== value.trim() && /^[\w-]{76,140}$/.test(value.trim())) throw new Error('accepts a bad token')
    })
    expect(() => fuzz(target, 200_000, seed)).toThrow(/accepts a bad token/)
  })

  it('The fuzzer finds an input that takes too long', () => {
    const target = broken('record', (input) => {
      const end = performance.now() + (String(input).startsWith('a:') ? bound + 5 : 0)
      while (performance.now() < end);
    })
    expect(fuzz(target, 2_000, seed).slowest).toBeGreaterThan(bound)
  })
})
