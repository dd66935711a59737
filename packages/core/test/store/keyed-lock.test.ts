import { describe, expect, it } from 'vitest'
import { createKeyedLock, type KeyedLock } from '../../src/store/keyed-lock.ts'

interface Step {
  readonly result: Promise<string>
  end(): void
  fail(): void
}

/** Notes when each begins, and ends it when told. */
function createStage(turns: KeyedLock): {
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
      const result = turns[kind](key, () => {
        begun.push(name)
        return outcome
      })
      return { result, end, fail }
    }
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('the turns of calls for one key', () => {
  it('let reads run together, and a write wait for them', async () => {
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

  it('let reads and writes wait for a write, in the order of the calls', async () => {
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

  it('go on after a failure, which only its own caller hears of', async () => {
    const { start } = createStage(createKeyedLock())
    const write = start('write', 'key', 'write')
    const read = start('read', 'key', 'read')
    write.fail()
    await expect(write.result).rejects.toThrow('write')
    read.end()
    expect(await read.result).toBe('read')
  })

  it('make a call wait that comes while others are between their turns', async () => {
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

  it('hold up no other key', async () => {
    const { begun, start } = createStage(createKeyedLock())
    start('write', 'key', 'write')
    start('write', 'other', 'other write')
    await settled()
    expect(begun).toEqual(['write', 'other write'])
  })
})
