import { afterEach, describe, expect, it, vi } from 'vitest'
import { platform as shared } from '../../src/store/platform-shared.ts'
import { platform as workerd } from '../../src/store/platform-workerd.ts'

const endless = new Promise(() => {})

afterEach(() => vi.unstubAllGlobals())

describe('platforms where requests share a process', () => {
  it('A timer does not keep the process alive if that is possible', () => {
    let detached = 0
    vi.stubGlobal('setTimeout', () => ({ unref: () => detached++ }))
    shared.startTimer(() => {}, 1)
    expect(detached).toBe(1)
  })

  it.each([7, null, {}, { unref: 1 }])('A timer without unref is left as it is: %j', (timer) => {
    vi.stubGlobal('setTimeout', () => timer)
    expect(shared.startTimer(() => {}, 1)).toBe(timer)
  })

  it('An operation waits for the earlier ones until they have ended', () => {
    expect(shared.createWaitForEarlier(0)(endless, { started: 1 })).toBe(endless)
  })

  it('One request stores up to 64 writes together', () => {
    expect(shared.mostWritesTogether).toBe(64)
  })
})

describe("Cloudflare's runtime", () => {
  it('An operation passes earlier ones, which may never end, when none has started for the given time', async () => {
    let looks = 0
    const moving = {
      get started() {
        return Math.min(++looks, 5)
      }
    }
    await workerd.createWaitForEarlier(1)(endless, moving)
    expect(looks).toBe(6)
  })

  it('A wait that ends because the earlier operation has ended leaves no timer', async () => {
    const cleared: unknown[] = []
    const { clearTimeout } = globalThis
    vi.stubGlobal('clearTimeout', (timer: NodeJS.Timeout) => {
      cleared.push(timer)
      clearTimeout(timer)
    })
    await workerd.createWaitForEarlier(2 ** 31 - 1)(Promise.resolve(), { started: 1 })
    expect(cleared).toHaveLength(1)
  })

  it('Each request stores only its own write', () => {
    expect(workerd.mostWritesTogether).toBe(1)
  })
})

it.each([
  ['where requests share a process', shared],
  ["on Cloudflare's runtime", workerd]
])('A timer runs its task after the delay %s', (_, { startTimer }) => {
  const started: unknown[] = []
  vi.stubGlobal('setTimeout', (...all: unknown[]) => started.push(...all))
  const task = (): void => {}
  startTimer(task, 5)
  expect(started).toEqual([task, 5])
})
