import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { createMemoryStore } from '../../src/store/memory-store.ts'

const start = 1_700_000_000_000

describe('the memory store’s heap', () => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const sessions = 50_000

  function bytesPerSession(write: (key: string, value: string) => void): number {
    collect()
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < sessions; i++) {
      const key = Buffer.from(`sessions.${i.toString(16).padStart(32, '0')}`).toString('latin1')
      write(key, Buffer.alloc(200, 97 + (i % 26)).toString('latin1'))
    }
    collect()
    return (process.memoryUsage().heapUsed - before) / sessions
  }

  it('The heap of the memory store is at most 1.25 times that of a Map of strings', () => {
    const map = new Map<string, string>()
    const bare = bytesPerSession((key, value) => map.set(key, value))
    const store = createMemoryStore()
    const ours = bytesPerSession((key, value) => void store.set(key, value, Date.now() + 1e9))
    expect(map.size).toBe(sessions)
    expect(bare).toBeGreaterThan(250)
    expect(ours / bare).toBeLessThan(1.25)
  })

  it('The heap does not grow while a full store replaces its values', async () => {
    const store = createMemoryStore({ clock: { now: () => start }, maxEntries: 2_000 })
    const turnOver = async (from: number, to: number) => {
      for (let i = from; i < to; i++) await store.set(`k${i}`, `v${i}`, start + 1_000)
    }
    await turnOver(0, 20_000)
    collect()
    const before = process.memoryUsage().heapUsed
    await turnOver(20_000, 120_000)
    collect()
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(500_000)
  })

  it('The heap does not grow while a store below its limit replaces its values', async () => {
    const store = createMemoryStore({ clock: { now: () => start }, maxEntries: 2_000 })
    for (let i = 0; i < 3_000; i++) await store.set(`k${i}`, 'v', start + 1_000)
    const turnOver = async (from: number, to: number) => {
      for (let i = from; i < to; i++) {
        await store.delete(`k${i - 1_500}`)
        await store.set(`k${i}`, `v${i}`, start + 1_000)
      }
    }
    await turnOver(3_000, 20_000)
    collect()
    const before = process.memoryUsage().heapUsed
    await turnOver(20_000, 120_000)
    collect()
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(500_000)
  })
})
