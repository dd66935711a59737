import { describe, expect, it } from 'vitest'
import { createKeyedLock, type KeyedLock } from '../../src/store/keyed-lock.ts'

interface Step {
  readonly result: Promise<string>
  end(): void
  fail(): void
}

/** Records when each action starts, and ends it when the test says so. */
function createStage(lock: KeyedLock): {
  readonly begun: string[]
  start(kind: 'read' | 'write', key: string, name: string): Step
} {
  const begun: string[] = []
  return {
    begun,
    start(kind, key, name) {
      let end = (): void => undefined
      let fail = (): void => undefined
      const outcome = new Promise<string>((resolve, reject) => {
        end = () => resolve(name)
        fail = () => reject(new Error(name))
      })
      const result = lock[kind](key, () => {
        begun.push(name)
        return outcome
      })
      return { result, end, fail }
    }
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a keyed lock', () => {
  it('The reads of a key run together, and a write after them', async () => {
    const { begun, start } = createStage(createKeyedLock())
    const first = start('read', 'key', 'first read')
    const second = start('read', 'key', 'second read')
    const write = start('write', 'key', 'write')
    await settled()
    expect(begun).toEqual(['first read', 'second read'])
    first.end()
    await settled()
    expect(begun).toHaveLength(2)
    second.end()
    await settled()
    expect(begun).toEqual(['first read', 'second read', 'write'])
    write.end()
    expect(await write.result).toBe('write')
  })

  it('Reads and writes behind a write run after it, in the order of the calls', async () => {
    const { begun, start } = createStage(createKeyedLock())
    const write = start('write', 'key', 'write')
    const read = start('read', 'key', 'read')
    const next = start('write', 'key', 'next write')
    await settled()
    expect(begun).toEqual(['write'])
    write.end()
    await settled()
    expect(begun).toEqual(['write', 'read'])
    read.end()
    await settled()
    expect(begun).toEqual(['write', 'read', 'next write'])
    next.end()
  })

  it('The lock continues after an action that failed, and only its own caller gets the error', async () => {
    const { start } = createStage(createKeyedLock())
    const write = start('write', 'key', 'write')
    const read = start('read', 'key', 'read')
    write.fail()
    await expect(write.result).rejects.toThrow('write')
    read.end()
    expect(await read.result).toBe('read')
  })

  it('A call between the end of one action and the start of the next one waits', async () => {
    const { begun, start } = createStage(createKeyedLock())
    const [first, second] = [start('write', 'key', 'first'), start('write', 'key', 'second')]
    first.end()
    await settled()
    const third = start('write', 'key', 'third')
    await settled()
    expect(begun).toEqual(['first', 'second'])
    second.end()
    await settled()
    expect(begun).toEqual(['first', 'second', 'third'])
    third.end()
  })

  it('One key does not wait for another', async () => {
    const { begun, start } = createStage(createKeyedLock())
    start('write', 'key', 'write')
    start('write', 'other', 'other write')
    await settled()
    expect(begun).toEqual(['write', 'other write'])
  })
})
