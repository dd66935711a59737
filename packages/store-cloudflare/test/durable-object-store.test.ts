import { describeOnWorkerd, type Worker } from 'test-servers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createDurableObjectStore } from '../src/index.ts'
import { objectsOf, startWorker } from './support/workerd.ts'

const later = Date.UTC(9999, 0)
const minute = 60_000

describeOnWorkerd('createDurableObjectStore', () => {
  let worker: Worker
  beforeAll(async () => {
    // In that case deleteAll() left the alarm.
    worker = await startWorker('2025-06-01')
  })
  afterAll(() => worker.dispose())

  const open = async (name = 'PROBED') => {
    const binding = await objectsOf(worker, name)
    const ask = async (key: string, path: string): Promise<{ entries: number; alarm: number | null }> => {
      const answer = await binding
        .get(binding.idFromName(key))
        .fetch(`https://session-object${path}`, { method: 'POST', body: '' })
      return JSON.parse(await answer.text())
    }
    return { store: createDurableObjectStore(binding), ask }
  }
  const shiftClock = (milliseconds: number) => worker.dispatchFetch(`http://localhost/clock?shift=${milliseconds}`)

  it('A value of 1 MiB is stored even if one character forces two bytes per character', async () => {
    const { store } = await open()
    const value = `${'x'.repeat(2 ** 20 - 4)}😀`
    await store.set('large', value, later)
    expect((await store.get('large')) === value).toBe(true)
    expect(await store.compareAndSet('large', value, 'small', later)).toBe(true)
  })

  it('Reading an absent key stores nothing', async () => {
    const { store, ask } = await open()
    expect(await store.get('read')).toBeUndefined()
    expect(await store.compareAndSet('read', 'expected', 'value', later)).toBe(false)
    expect(await ask('read', '/inside')).toEqual({ entries: 0, alarm: null })
  })

  it('Deleting a key leaves nothing in its object', async () => {
    const { store, ask } = await open()
    await store.set('deleted', 'value', later)
    expect((await ask('deleted', '/inside')).entries).toBe(1)
    await store.delete('deleted')
    expect(await ask('deleted', '/inside')).toEqual({ entries: 0, alarm: null })
  })

  it('A write sets one alarm, a minute after the first deadline', async () => {
    const { store, ask } = await open()
    const deadline = Date.now() + 10 * minute
    await store.set('alarm', 'first', deadline)
    const { alarm } = await ask('alarm', '/inside')
    expect(alarm).toBeGreaterThanOrEqual(deadline + minute)
    expect(alarm).toBeLessThan(deadline + 2 * minute)
    await store.compareAndSet('alarm', 'first', 'second', deadline + minute)
    expect((await ask('alarm', '/inside')).alarm).toBe(alarm)
  })

  it('An early alarm keeps the record and sets itself again', async () => {
    const { store, ask } = await open()
    const deadline = Date.now() + 10 * minute
    await store.set('early', 'first', Date.now() + minute)
    await store.set('early', 'second', deadline)
    const { entries, alarm } = await ask('early', '/alarm')
    expect(entries).toBe(1)
    expect(alarm).toBeGreaterThanOrEqual(deadline + minute)
    expect(await store.get('early')).toBe('second')
  })

  it('The alarm deletes an object whose record has expired', async () => {
    const { store, ask } = await open()
    // To the object, the write was a minute ago, so its alarm is due soon, but not before its clock is correct again.
    await shiftClock(-minute)
    await store.set('over', 'value', Date.now() + 1_500)
    await shiftClock(0)
    await expect.poll(() => ask('over', '/inside'), { timeout: 10_000 }).toEqual({ entries: 0, alarm: null })
  })

  it('A foreign value in the storage is an error that names the key', async () => {
    const { store, ask } = await open()
    await ask('foreign', '/spoil')
    const problem = {
      code: 'STORE_INVALID',
      message: expect.stringContaining('contains a value that the store did not write')
    }
    await expect(store.get('foreign')).rejects.toMatchObject(problem)
    await expect(store.compareAndSet('foreign', undefined, 'value', later)).rejects.toMatchObject(problem)
    await store.set('foreign', 'value', later)
    expect(await store.get('foreign')).toBe('value')
  })

  it.each([
    ['without SQLite', 'PLAIN', 'new_sqlite_classes'],
    ['of another application', 'OTHER', 'class of the binding is not SessionObject']
  ])('A class %s is an error that says what to do', async (_name, binding, message) => {
    const { store } = await open(binding)
    for (const call of [() => store.get('key'), () => store.set('key', 'value', later), () => store.delete('key')]) {
      await expect(call()).rejects.toMatchObject({ code: 'STORE_INVALID', message: expect.stringContaining(message) })
    }
  })

  it('A failure of the object rejects the call', async () => {
    const { store } = await open('BROKEN')
    await expect(store.get('key')).rejects.toThrow('the object is broken')
    await expect(store.compareAndSet('key', undefined, 'value', later)).rejects.toThrow('the object is broken')
  })

  it.each([
    ['no binding', undefined],
    ['null', null],
    ['a name', 'SESSIONS']
  ])('createDurableObjectStore refuses %s and says what to pass', (_name, value) => {
    expect(() => Reflect.apply(createDurableObjectStore, undefined, [value])).toThrow(
      expect.objectContaining({ code: 'STORE_INVALID', message: expect.stringContaining('new_sqlite_classes') })
    )
  })

  it('createDurableObjectStore refuses another kind of binding', async () => {
    const kv = await worker.getKVNamespace('KV')
    expect(() => Reflect.apply(createDurableObjectStore, undefined, [kv])).toThrow('a binding without idFromName()')
  })
})
