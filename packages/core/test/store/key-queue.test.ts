import { describe, expect, it } from 'vitest'
import { createKeyQueue, type KeySlot } from '../../src/store/key-queue.ts'
import type { WriteGroup } from '../../src/store/write-group.ts'
import { createGate } from '../support/world.ts'

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function createGround() {
  const late = createGate()
  const queue = createKeyQueue((earlier) =>
    Promise.race([earlier, late.gate.then(() => Promise.reject(new Error('late')))])
  )
  const begun: string[] = []
  /** A task that ends when told. */
  const start = (key: string, name: string, group?: WriteGroup) => {
    const { gate, open } = createGate()
    const done = queue.run(
      key,
      async () => {
        begun.push(name)
        await gate
        return name
      },
      group
    )
    return { done, open }
  }
  return { queue, begun, start, late }
}

describe('the operations on one key', () => {
  it('begin one after another, the first at once', async () => {
    const { begun, start } = createGround()
    const [one, two] = [start('key', 'one'), start('key', 'two')]
    expect(begun).toEqual(['one'])
    await settled()
    expect(begun).toEqual(['one'])
    one.open()
    expect(await one.done).toBe('one')
    two.open()
    expect(await two.done).toBe('two')
    expect(begun).toEqual(['one', 'two'])
  })

  it('hold up no other key, and go on after one that failed', async () => {
    const { queue, begun, start } = createGround()
    const failing = queue.run('key', () => Promise.reject(new Error('failed')))
    const [next, other] = [start('key', 'next'), start('other', 'other')]
    expect(begun).toEqual(['other'])
    await expect(failing).rejects.toThrow('failed')
    await settled()
    expect(begun).toEqual(['other', 'next'])
    next.open()
    other.open()
    expect(await Promise.all([next.done, other.done])).toEqual(['next', 'other'])
  })

  it('hand on what they know to those who wait, and to nobody after them', async () => {
    const { queue } = createGround()
    const seen: KeySlot['known'][] = []
    const note = (text: string) => async (slot: KeySlot) => {
      seen.push(slot.known)
      slot.known = { text }
    }
    await Promise.all([queue.run('key', note('one')), queue.run('key', note('two')), queue.run('other', note('x'))])
    await queue.idle()
    await queue.run('key', note('three'))
    expect(seen).toEqual([undefined, undefined, { text: 'one' }, undefined])
  })

  it('do not begin when the wait for those before is over, and wait no longer', async () => {
    const { begun, start, late } = createGround()
    const [one, two] = [start('key', 'one'), start('key', 'two')]
    late.open()
    await expect(two.done).rejects.toThrow('late')
    expect(begun).toEqual(['one'])
    one.open()
    expect(await one.done).toBe('one')
  })

  // Its turn had no more to wait for, but others were counted: idle() asked for it again and again, and let nobody end.
  it('are not idle while one is under way that others have given up waiting for', async () => {
    const { queue, start, late } = createGround()
    const [one, two] = [start('key', 'one'), start('key', 'two')]
    late.open()
    await expect(two.done).rejects.toThrow('late')
    let idle = false
    const waiting = queue.idle().then(() => {
      idle = true
    })
    await settled()
    expect(idle).toBe(false)
    one.open()
    await Promise.all([one.done, waiting])
  })

  it('forget one that never ends when another has gone ahead of it, and say how many have begun', async () => {
    const turns: number[] = []
    const queue = createKeyQueue(async (_, key) => void turns.push(key.turns))
    void queue.run('key', () => new Promise(() => {}))
    await queue.run('key', async () => {})
    await settled()
    await queue.run('key', async () => {})
    expect(turns).toEqual([1])
  })
})

describe('a group that waits', () => {
  const groupOf = (): WriteGroup => []

  it('can be joined until it begins', async () => {
    const { queue, start } = createGround()
    const first = start('key', 'first')
    const group = groupOf()
    const second = start('key', 'second', group)
    expect(queue.waiting('key')).toBe(group)
    expect(queue.waiting('other')).toBe(undefined)
    first.open()
    await settled()
    expect(queue.waiting('key')).toBe(undefined)
    second.open()
    await second.done
  })

  it('cannot be joined when it did not have to wait, or somebody waits behind it', async () => {
    const { queue, start } = createGround()
    const first = start('key', 'first', groupOf())
    expect(queue.waiting('key')).toBe(undefined)
    const [second, third] = [start('key', 'second', groupOf()), start('key', 'third')]
    expect(queue.waiting('key')).toBe(undefined)
    for (const one of [first, second, third]) {
      one.open()
      await one.done
    }
  })

  it('can be joined still when the one before it begins', async () => {
    const { queue, start } = createGround()
    const [before, last] = [groupOf(), groupOf()]
    const tasks = [start('key', 'first'), start('key', 'second', before), start('key', 'third', last)]
    tasks[0]?.open()
    await settled()
    expect(queue.waiting('key')).toBe(last)
    for (const one of tasks) {
      one.open()
      await one.done
    }
  })

  it('cannot be joined when it has waited in vain', async () => {
    const { queue, start, late } = createGround()
    const [first, second] = [start('key', 'first'), start('key', 'second', groupOf())]
    late.open()
    await expect(second.done).rejects.toThrow('late')
    expect(queue.waiting('key')).toBe(undefined)
    first.open()
    await first.done
  })
})

describe('a queue', () => {
  it('is idle when all have ended, those too who came meanwhile', async () => {
    const { queue, start } = createGround()
    await queue.idle()
    const tasks = [start('key', 'one'), start('other', 'two'), start('key', 'three')]
    let idle = false
    const waiting = queue.idle().then(() => {
      idle = true
    })
    tasks[0]?.open()
    tasks[1]?.open()
    await settled()
    expect(idle).toBe(false)
    tasks[2]?.open()
    await waiting
    await Promise.all(tasks.map(({ done }) => done))
  })
})
