import { describe, expect, it } from 'vitest'
import { createKeyQueue, type KeySlot } from '../../src/store/key-queue.ts'
import type { WriteGroup } from '../../src/store/write-group.ts'
import { createGate } from '../support/fixture.ts'

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function createQueueFixture() {
  const late = createGate()
  const queue = createKeyQueue<WriteGroup>((earlier) =>
    Promise.race([earlier, late.gate.then(() => Promise.reject(new Error('late')))])
  )
  const begun: string[] = []
  /** A task that ends when the test says so. */
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

describe('the queue of a key', () => {
  it('The operations of a key run one after another, the first one at once', async () => {
    const { begun, start } = createQueueFixture()
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

  it('An operation does not delay other keys, and the queue continues after one that failed', async () => {
    const { queue, begun, start } = createQueueFixture()
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

  it('The last read value is passed to the next operation in the queue, and dropped after the last one', async () => {
    const { queue } = createQueueFixture()
    const seen: KeySlot['lastRead'][] = []
    const note = (value: string) => async (slot: KeySlot) => {
      seen.push(slot.lastRead)
      slot.lastRead = { value }
    }
    await Promise.all([queue.run('key', note('one')), queue.run('key', note('two')), queue.run('other', note('x'))])
    await queue.idle()
    await queue.run('key', note('three'))
    expect(seen).toEqual([undefined, undefined, { value: 'one' }, undefined])
  })

  it('An operation whose wait was given up is not run, and rejects at once', async () => {
    const { begun, start, late } = createQueueFixture()
    const [one, two] = [start('key', 'one'), start('key', 'two')]
    late.open()
    await expect(two.done).rejects.toThrow('late')
    expect(begun).toEqual(['one'])
    one.open()
    expect(await one.done).toBe('one')
  })

  // idle() once polled for the running operation, and so kept it from ending.
  it('The queue is not idle while an operation runs that the others no longer wait for', async () => {
    const { queue, start, late } = createQueueFixture()
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

  it('The queue counts started operations, and drops one that never ends when another has passed it', async () => {
    const started: number[] = []
    const queue = createKeyQueue(async (_, key) => void started.push(key.started))
    void queue.run('key', () => new Promise(() => {}))
    await queue.run('key', async () => {})
    await settled()
    await queue.run('key', async () => {})
    expect(started).toEqual([1])
  })
})

describe('a queued group', () => {
  const groupOf = (): WriteGroup => []

  it('A group can be joined until it starts', async () => {
    const { queue, start } = createQueueFixture()
    const first = start('key', 'first')
    const group = groupOf()
    const second = start('key', 'second', group)
    expect(queue.joinable('key')).toBe(group)
    expect(queue.joinable('other')).toBe(undefined)
    first.open()
    await settled()
    expect(queue.joinable('key')).toBe(undefined)
    second.open()
    await second.done
  })

  it('A group cannot be joined if it did not have to wait, or if an operation is queued behind it', async () => {
    const { queue, start } = createQueueFixture()
    const first = start('key', 'first', groupOf())
    expect(queue.joinable('key')).toBe(undefined)
    const [second, third] = [start('key', 'second', groupOf()), start('key', 'third')]
    expect(queue.joinable('key')).toBe(undefined)
    for (const one of [first, second, third]) {
      one.open()
      await one.done
    }
  })

  it('A group can still be joined when the group before it starts', async () => {
    const { queue, start } = createQueueFixture()
    const [before, last] = [groupOf(), groupOf()]
    const tasks = [start('key', 'first'), start('key', 'second', before), start('key', 'third', last)]
    tasks[0]?.open()
    await settled()
    expect(queue.joinable('key')).toBe(last)
    for (const one of tasks) {
      one.open()
      await one.done
    }
  })

  it('A group cannot be joined when its wait was given up', async () => {
    const { queue, start, late } = createQueueFixture()
    const [first, second] = [start('key', 'first'), start('key', 'second', groupOf())]
    late.open()
    await expect(second.done).rejects.toThrow('late')
    expect(queue.joinable('key')).toBe(undefined)
    first.open()
    await first.done
  })
})

describe('all queues together', () => {
  it('The queues are idle when every operation has ended, including those that were added meanwhile', async () => {
    const { queue, start } = createQueueFixture()
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
