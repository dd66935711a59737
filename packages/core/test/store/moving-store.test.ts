import { describe, expect, it } from 'vitest'
import { createMemoryStore, createSessionManager, type KeyValueStore } from '../../src/index.ts'
import { decodeStored, encodeDeleted, encodeMoving, encodeValue } from '../../src/store/moved-value.ts'
import { createMovingStore, moveAll } from '../../src/store/moving-store.ts'
import { createFaultyStore } from '../support/faulty-store.ts'
import { createFixture, secret, start } from '../support/fixture.ts'

const later = Date.UTC(9999, 0)
const clock = { now: () => start }

function createStores() {
  const [from, to] = [createMemoryStore({ clock }), createMemoryStore({ clock })]
  const store = createMovingStore(from, to, { clock })
  return { from, to, store }
}

describe('a moving store', () => {
  it('A value that is read stays in the source, and moves with the first write', async () => {
    const { from, to, store } = createStores()
    await from.set('a.s.1', 'one', later)
    expect(await store.get('a.s.1')).toBe('one')
    expect(await to.get('a.s.1')).toBeUndefined()
    expect(await store.compareAndSet('a.s.1', 'one', 'two', later)).toBe(true)
    expect(await to.get('a.s.1')).toBe('two')
    expect(decodeStored((await from.get('a.s.1')) ?? '')).toEqual({ kind: 'left' })
    expect(await store.get('a.s.1')).toBe('two')
  })

  it('A value stays where it is in the stage before', async () => {
    const { from, to, store } = createStores()
    const prepared = createMovingStore(from, to, { clock, stage: 'prepare' })
    await from.set('a.s.1', 'one', later)
    expect(await prepared.compareAndSet('a.s.1', 'one', 'two', later)).toBe(true)
    expect(await from.get('a.s.1')).toBe('two')
    expect(await store.compareAndSet('a.s.1', 'two', 'three', later)).toBe(true)
    expect(await prepared.compareAndSet('a.s.1', 'three', 'four', later)).toBe(true)
    expect(await to.get('a.s.1')).toBe('four')
  })

  it('A move that stopped half-way is completed by the next reader, in both stages', async () => {
    for (const stage of ['prepare', 'move'] as const) {
      const { from, to } = createStores()
      await from.set('a.s.1', encodeMoving('n', 'one', later), later)
      const store = createMovingStore(from, to, { clock, stage })
      expect(await store.get('a.s.1')).toBe('one')
      expect(await to.get('a.s.1')).toBe('one')
      expect(await store.compareAndSet('a.s.1', 'one', 'two', later)).toBe(true)
    }
  })

  it('A write counts once the source has it, even if the target fails then', async () => {
    const from = createMemoryStore({ clock })
    const { compareAndSet, ...rest } = createMemoryStore({ clock })
    const to = createFaultyStore({ ...rest, compareAndSet })
    const store = createMovingStore(from, to, { clock })
    await from.set('a.s.1', 'one', later)
    // The first comparison is with the target alone.
    let calls = 0
    to.break('error-before', ({ operation }) => operation === 'compareAndSet' && ++calls > 1)
    expect(await store.compareAndSet('a.s.1', 'one', 'two', later)).toBe(true)
    to.break(undefined)
    expect(await store.get('a.s.1')).toBe('two')
    expect(await to.get('a.s.1')).toBe('two')
  })

  it('A deleted key stays absent although the source could not be changed', async () => {
    const to = createMemoryStore({ clock })
    const { compareAndSet, ...rest } = createMemoryStore({ clock })
    const from = createFaultyStore({ ...rest, compareAndSet })
    const store = createMovingStore(from, to, { clock })
    await from.set('a.s.1', 'one', later)
    from.break('error-before', ({ operation }) => operation === 'set' || operation === 'delete')
    await expect(store.delete('a.s.1')).rejects.toThrow('The source of the moving store failed delete()')
    from.break(undefined)
    expect(await store.get('a.s.1')).toBeUndefined()
  })

  it('Values that look like the notes of a moving store are stored as they are', async () => {
    const { store } = createStores()
    const notes = [encodeDeleted('n'), encodeMoving('n', 'x', later), encodeValue(encodeDeleted('n'))]
    for (const [index, value] of notes.entries()) {
      const key = `a.s.${index}`
      await store.set(key, value, later)
      expect(await store.get(key)).toBe(value)
      expect(await store.compareAndSet(key, value, 'next', later)).toBe(true)
    }
  })

  it('The notes of a moving store read as tombstones to a manager without it', async () => {
    const { from, to, store } = createStores()
    const fixture = createFixture({ clock: { ...clock, sleep: async () => {} } }, store)
    const browser = fixture.browser()
    await browser.request((session) => session.login('alice'))
    await browser.request((session) => session.destroy())
    for (const plain of [from, to]) {
      const events: string[] = []
      const manager = createSessionManager({ store: plain, secret, clock, onEvent: ({ type }) => events.push(type) })
      for await (const _ of manager.list()) throw new Error('a session that has ended')
      expect(events).toEqual([])
    }
  })

  it('Sessions move there and back, and what was deleted on the way stays deleted', async () => {
    const { from, to, store } = createStores()
    for (const key of ['a.s.1', 'a.s.2', 'a.s.3']) await from.set(key, key, later)
    await store.compareAndSet('a.s.1', 'a.s.1', 'there', later)
    await store.delete('a.s.2')
    await moveAll(from, to, { clock })
    const back = createMovingStore(to, from, { clock })
    const seen = async (): Promise<unknown> => Promise.all(['a.s.1', 'a.s.2', 'a.s.3'].map((key) => back.get(key)))
    expect(await seen()).toEqual(['there', undefined, 'a.s.3'])
    expect(await back.compareAndSet('a.s.1', 'there', 'back', later)).toBe(true)
    expect(await back.compareAndSet('a.s.2', undefined, 'new', later)).toBe(true)
    await moveAll(to, from, { clock })
    expect(await seen()).toEqual(['back', 'new', 'a.s.3'])
    expect(await Promise.all(['a.s.1', 'a.s.2', 'a.s.3'].map((key) => from.get(key)))).toEqual(['back', 'new', 'a.s.3'])
  })

  it('A deadline with a fraction, or long past, is kept on the way', async () => {
    for (const expiresAt of [later + 0.5, -1]) {
      const { from, store } = createStores()
      await from.set('a.s.1', 'one', later)
      expect(await store.compareAndSet('a.s.1', 'one', 'two', expiresAt)).toBe(true)
      expect(await store.get('a.s.1')).toBe(expiresAt > 0 ? 'two' : undefined)
      expect(decodeStored(encodeMoving('n', 'two', expiresAt))).toMatchObject({ kind: 'moving', value: 'two' })
    }
  })

  it('The target is closed although the source fails to close', async () => {
    const closed: string[] = []
    const closing = (name: string): KeyValueStore => ({
      ...createMemoryStore({ clock }),
      close: async () => {
        closed.push(name)
        if (name === 'source') throw new Error('busy')
      }
    })
    await expect(createMovingStore(closing('source'), closing('target'), { clock }).close?.()).rejects.toThrow('busy')
    expect(closed).toEqual(['source', 'target'])
  })

  it('Hints of both stores arrive, and a gap of either is one of both', async () => {
    const gaps: ((watching: boolean) => void)[] = []
    const watched = (): KeyValueStore => ({
      ...createMemoryStore({ clock }),
      watch: async (_, onKey, onGap) => {
        gaps.push(onGap)
        onKey('a.s.1')
        return () => {}
      }
    })
    const seen: unknown[] = []
    const store = createMovingStore(watched(), watched(), { clock })
    const stop = await store.watch?.(
      'a.',
      (key) => seen.push(key),
      (watching) => seen.push(watching)
    )
    gaps[0]?.(false)
    gaps[1]?.(true)
    gaps[0]?.(true)
    stop?.()
    expect(seen).toEqual(['a.s.1', 'a.s.1', false, false, true])
  })

  it.each<[string, () => unknown, string]>([
    ['one store twice', () => createMovingStore(one, one), 'must be two different stores'],
    [
      'a source that is not atomic',
      () => createMovingStore(loose, one),
      'The source of a moving store needs compareAndSet()'
    ],
    [
      'a target that is not atomic',
      () => createMovingStore(one, loose),
      'The target of a moving store needs compareAndSet()'
    ],
    [
      'an unknown stage',
      () => createMovingStore(one, other, { stage: 'copy' as 'move' }),
      'stage must be one of move, prepare'
    ],
    ['a misspelled option', () => createMovingStore(one, other, { Stage: 'move' } as object), 'did you mean stage?'],
    [
      'a lifetime that is none',
      () => createMovingStore(one, other, { longestLifetime: 'soon' as '1d' }),
      'longestLifetime'
    ]
  ])('createMovingStore() refuses %s', (_, create, message) => {
    expect(create).toThrow(message)
  })
})

const [one, other] = [createMemoryStore(), createMemoryStore()]
const { compareAndSet: _, ...loose } = createMemoryStore()

describe('moveAll()', () => {
  it('moveAll() moves what no request has written, reports its progress, and finds nothing left the second time', async () => {
    const { from, to, store } = createStores()
    for (let i = 0; i < 250; i++) await from.set(`a.s.${i}`, String(i), later)
    await store.compareAndSet('a.s.0', '0', 'written', later)
    const progress: unknown[] = []
    let pauses = 0
    const pause = async (): Promise<void> => void pauses++
    expect(await moveAll(from, to, { clock, pause, onProgress: (seen) => progress.push(seen) })).toEqual({
      moved: 249,
      seen: 250
    })
    expect(progress).toEqual([
      { moved: 99, seen: 100 },
      { moved: 199, seen: 200 },
      { moved: 249, seen: 250 }
    ])
    expect(pauses).toBe(3)
    expect(await to.get('a.s.0')).toBe('written')
    expect(await to.get('a.s.249')).toBe('249')
    expect(await moveAll(from, to, { clock })).toEqual({ moved: 0, seen: 250 })
  })

  it('moveAll() keeps each session for as long as it can live', async () => {
    const { from, to, store } = createStores()
    const fixture = createFixture({ maxLifetime: '90d', permanent: '90d' }, from)
    const browser = fixture.browser()
    await browser.request((session) => session.login('alice'))
    await moveAll(from, to, { clock })
    const moved = fixture.another({ store })
    fixture.now += 89 * 86_400_000
    expect((await browser.open(moved)).userId).toBe('alice')
  })

  it('moveAll() ends between two batches when its signal is aborted, and can be started again', async () => {
    const { from, to } = createStores()
    for (let i = 0; i < 250; i++) await from.set(`a.s.${i}`, String(i), later)
    const abort = new AbortController()
    const onProgress = (): void => abort.abort(new Error('enough'))
    await expect(moveAll(from, to, { clock, signal: abort.signal, onProgress })).rejects.toThrow('enough')
    expect((await moveAll(from, to, { clock })).moved).toBe(150)
  })

  it('A source without keys() is refused', async () => {
    const { keys: _, ...unlisted } = createMemoryStore()
    await expect(moveAll(unlisted, createMemoryStore())).rejects.toThrow('needs a source with keys()')
  })
})
