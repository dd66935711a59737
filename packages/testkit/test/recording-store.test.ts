import { createRecordingStore } from '@kvsession/testkit'
import { describe, expect, it } from 'vitest'

const later = Date.now() + 3_600_000

describe('createRecordingStore()', () => {
  it('A recording store stores values and records its calls', async () => {
    const store = createRecordingStore()
    expect(await store.compareAndSet('k', undefined, 'one', later)).toBe(true)
    expect(await store.get('k')).toBe('one')
    await store.delete('k')
    await store.set('l', 'two', later)
    expect(store.operations).toEqual([
      { method: 'compareAndSet', key: 'k' },
      { method: 'get', key: 'k' },
      { method: 'delete', key: 'k' },
      { method: 'set', key: 'l' }
    ])
    expect([store.count(), store.count('get'), store.count('get', 'set')]).toEqual([4, 1, 2])
    store.forget()
    expect(store.count()).toBe(0)
  })

  it('A recording store holds only the next call of a method, before it takes effect', async () => {
    const store = createRecordingStore()
    const held = store.hold('set')
    const write = store.set('k', 'one', later)
    await held.reached
    expect(await store.get('k')).toBeUndefined()
    await store.set('other', 'two', later)
    held.release()
    await write
    expect(await store.get('k')).toBe('one')
  })

  it('A recording store fails every call of a method until it recovers, before or after the effect', async () => {
    const store = createRecordingStore()
    const mend = store.fail('set')
    await expect(store.set('k', 'one', later)).rejects.toThrow('told to fail')
    expect(await store.get('k')).toBeUndefined()
    mend()
    await store.set('k', 'two', later)
    const error = new Error('lost answer')
    store.fail('set', { error, applied: true })
    await expect(store.set('k', 'three', later)).rejects.toBe(error)
    store.recover()
    expect(await store.get('k')).toBe('three')
  })

  it('A recording store releases all held calls when it recovers', async () => {
    const store = createRecordingStore()
    const held = store.hold('get')
    const read = store.get('k')
    await held.reached
    store.recover()
    expect(await read).toBeUndefined()
  })
})
