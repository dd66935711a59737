import { afterEach, describe, expect, it, vi } from 'vitest'
import { SessionError } from '../../src/errors.ts'
import { createKeyQueue } from '../../src/store/key-queue.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { createStoreAccess } from '../../src/store/store-access.ts'
import type { Decision } from '../../src/store/write-group.ts'
import { createWriteLoop } from '../../src/store/write-loop.ts'
import { createFaultyStore, type Fault } from '../support/faulty-store.ts'
import { createGate, start } from '../support/fixture.ts'

type Answer = Fault | 'lost' | (() => Promise<unknown>) | undefined

/** A loop over a store whose compareAndSets return `answers`, in order, and after them the true result. */
function createLoopFixture({
  byte = 255,
  mostWrites = 64
}: {
  readonly byte?: number
  readonly mostWrites?: number
} = {}) {
  const pauses: number[] = []
  const asked: number[] = []
  const sleep = async (ms: number): Promise<void> => void pauses.push(ms)
  const clock = { sleep }
  const store = createFaultyStore(createMemoryStore({ clock: { now: () => start } }))
  const answers: Answer[] = []
  const compareAndSet: typeof store.compareAndSet = async (...args) => {
    const answer = answers.shift()
    if (answer === 'lost') {
      store.calls.push({ operation: 'compareAndSet', key: args[0] })
      return false
    }
    if (typeof answer === 'function') return (await answer()) as boolean
    store.break(answer, ({ operation }) => operation === 'compareAndSet')
    return store.compareAndSet(...args)
  }
  const access = createStoreAccess({ ...store, compareAndSet }, 1_000, undefined)
  const randomBytes = (length: number): Uint8Array => {
    asked.push(length)
    return new Uint8Array(length).fill(byte)
  }
  const loop = createWriteLoop(access, createKeyQueue(access.waitForEarlier), { clock, randomBytes, mostWrites })
  const put = (value: string): Promise<void> => store.set('key', value, start + 1e9)
  const done = (): string[] => store.calls.map(({ operation }) => operation)
  return { store, loop, answers, pauses, asked, put, done }
}

const writing = (value: string): Decision<string> => ({ write: value, expiresAt: start + 1e9, result: value })

/** Decides as in `decisions`, in order, and records the values that it decides on. */
function createWriter(...decisions: readonly Decision<string>[]) {
  const seen: (readonly [string | undefined, unknown])[] = []
  const left = [...decisions]
  const decide = (value: string | undefined, failure: unknown): Decision<string> => {
    seen.push([value, failure])
    return left.shift() ?? writing(`write ${seen.length}`)
  }
  return { seen, decide }
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('a write', () => {
  it('A write reads first if the value is not known', async () => {
    const { loop, put, store } = createLoopFixture()
    await put('there')
    const { decide, seen } = createWriter()
    const { calls, result } = await store.during(() => loop.run('key', undefined, decide))
    expect([result, seen, await store.get('key')]).toEqual(['write 1', [['there', undefined]], 'write 1'])
    expect(calls.map(({ operation }) => operation)).toEqual(['get', 'compareAndSet'])
  })

  it('A write uses the value that its caller has read', async () => {
    const { loop, put, store } = createLoopFixture()
    await put('there')
    const { decide } = createWriter()
    const { calls } = await store.during(() => loop.run('key', { value: 'there' }, decide))
    expect(calls.map(({ operation }) => operation)).toEqual(['compareAndSet'])
  })

  it('A write that stops on the value that its caller or the store has read makes no further call', async () => {
    for (const [known, expected] of [
      [{ value: 'there' }, []],
      [undefined, ['get']]
    ] as const) {
      const { loop, put, store } = createLoopFixture()
      await put('there')
      const { decide } = createWriter({ stop: 'stopped' })
      const { calls, result } = await store.during(() => loop.run('key', known, decide))
      expect([result, calls.map(({ operation }) => operation)]).toEqual(['stopped', expected])
    }
  })

  it('A write that throws fails alone, and the next one continues', async () => {
    const { loop, put } = createLoopFixture()
    await put('there')
    const failing = loop.run('key', { value: 'there' }, () => {
      throw new RangeError('not today')
    })
    await expect(failing).rejects.toThrow('not today')
    expect(await loop.run('key', undefined, createWriter().decide)).toBe('write 1')
  })
})

describe('a write that waited behind another', () => {
  const behind = async (decisions: readonly Decision<string>[], meddle: () => void = () => {}) => {
    const fixture = createLoopFixture()
    const { gate, open } = createGate()
    fixture.answers.push({ gate })
    await fixture.put('there')
    fixture.store.calls.length = 0
    const first = fixture.loop.run('key', { value: 'there' }, () => writing('first'))
    const second = createWriter(...decisions)
    const result = fixture.loop.run('key', { value: 'there' }, second.decide)
    await new Promise(setImmediate)
    open()
    expect(await first).toBe('first')
    meddle()
    return { ...fixture, seen: second.seen, result: await result }
  }

  it('A write decides on the value that the one before it has written, without a read', async () => {
    const { seen, done, result } = await behind([])
    expect([seen, done(), result]).toEqual([[['first', undefined]], ['compareAndSet', 'compareAndSet'], 'write 1'])
  })

  it('A write stops only on a value that was read from the store', async () => {
    const { seen, done, result } = await behind([{ stop: 'over' }, { stop: 'over' }])
    expect([seen.map(([value]) => value), done(), result]).toEqual([
      ['first', 'first'],
      ['compareAndSet', 'get'],
      'over'
    ])
  })

  it('A harmless stop takes effect at once', async () => {
    const { seen, done, result } = await behind([{ stop: 'nothing to do', harmless: true }])
    expect([seen.length, done(), result]).toEqual([1, ['compareAndSet'], 'nothing to do'])
  })
})

describe('a write that loses against another process', () => {
  it('A write that loses decides again on the current value, which it reads', async () => {
    const { loop, put, answers, store } = createLoopFixture()
    await put('theirs')
    answers.push('lost')
    const { decide, seen } = createWriter()
    const { calls, result } = await store.during(() => loop.run('key', { value: 'before' }, decide))
    expect(seen).toEqual([
      ['before', undefined],
      ['theirs', undefined]
    ])
    expect([result, calls.map(({ operation }) => operation)]).toEqual([
      'write 2',
      ['compareAndSet', 'get', 'compareAndSet']
    ])
  })

  it('A write may stop on the value that it has read, without another read', async () => {
    const { loop, put, answers, done } = createLoopFixture()
    await put('theirs')
    answers.push('lost')
    const { decide } = createWriter(writing('mine'), { stop: 'over' })
    expect(await loop.run('key', { value: 'before' }, decide)).toBe('over')
    expect(done()).toEqual(['set', 'compareAndSet', 'get'])
  })

  it.each([
    [255, [4, 8, 16, 32, 50, 50]],
    [51, [0.8, 1.6, 3.2, 6.4, 10, 10]],
    [0, [0, 0, 0, 0, 0, 0]]
  ])('A write pauses from the third attempt on, longer each time, at random (%i)', async (byte, expected) => {
    const { loop, answers, pauses, asked } = createLoopFixture({ byte })
    answers.push(...Array.from({ length: 8 }, () => 'lost' as const))
    await loop.run('key', { value: undefined }, createWriter().decide)
    expect(pauses.map((ms) => Number(ms.toFixed(9)))).toEqual(expected)
    expect(asked).toEqual([1, 1, 1, 1, 1, 1])
  })

  it.each([
    [5_000, 2_001],
    [5_000.5, 9]
  ])('%d ms after its first loss a write fails at the %dth attempt', async (elapsed, expected) => {
    const { loop, answers, done } = createLoopFixture()
    answers.push(...Array.from({ length: 3_000 }, () => 'lost' as const))
    const { decide, seen } = createWriter()
    vi.spyOn(performance, 'now').mockImplementation(() => (seen.length < 2 ? 1_000 : 1_000 + elapsed))
    await expect(loop.run('key', { value: undefined }, decide)).rejects.toThrow(
      'Too many concurrent writes to one record; try again [CONFLICT]'
    )
    expect(done().filter((one) => one === 'compareAndSet')).toHaveLength(expected)
  })

  it("A write fails with the store's error when the current value cannot be read", async () => {
    const { loop, answers, store } = createLoopFixture()
    answers.push('lost')
    store.break('error-before', ({ operation }) => operation === 'get')
    await expect(loop.run('key', { value: undefined }, createWriter().decide)).rejects.toThrow('failed get()')
  })
})

describe('a write that the store does not confirm', () => {
  it('An unconfirmed write that finds the expected value is decided again, with the reason', async () => {
    const { loop, put, answers } = createLoopFixture()
    await put('there')
    answers.push('error-before')
    const { decide, seen } = createWriter()
    expect(await loop.run('key', { value: 'there' }, decide)).toBe('write 2')
    expect(seen).toMatchObject([
      ['there', undefined],
      ['there', { code: 'STORE_UNAVAILABLE' }]
    ])
  })

  it('An unconfirmed write that finds its own value counts', async () => {
    const { loop, put, answers, store } = createLoopFixture()
    await put('there')
    answers.push('error-after')
    const { decide, seen } = createWriter()
    expect(await loop.run('key', { value: 'there' }, decide)).toBe('write 1')
    expect([seen.length, await store.get('key')]).toEqual([1, 'write 1'])
  })

  it('An unconfirmed write counts if an earlier attempt turns out to be stored', async () => {
    const { loop, put, answers } = createLoopFixture()
    await put('there')
    answers.push('error-before', async () => {
      await put('write 1')
      throw new Error('down')
    })
    const { decide, seen } = createWriter()
    expect(await loop.run('key', { value: 'there' }, decide)).toBe('write 1')
    expect(seen).toHaveLength(2)
  })

  it('An unconfirmed write that finds another value has an unknown outcome', async () => {
    const { loop, put, answers, store } = createLoopFixture()
    await put('there')
    answers.push(async () => {
      await put('theirs')
      throw new Error('down')
    })
    const error: unknown = await loop.run('key', { value: 'there' }, createWriter().decide).catch((one: unknown) => one)
    expect(error).toMatchObject({
      code: 'STORE_OUTCOME_UNKNOWN',
      message: expect.stringContaining(
        'The store did not confirm a write and the record has changed since: it may or may not have counted'
      ),
      cause: { code: 'STORE_UNAVAILABLE' }
    })
    expect(await store.get('key')).toBe('theirs')
  })

  it('The outcome stays unknown when a later attempt loses, although that one was confirmed', async () => {
    const { loop, put, answers } = createLoopFixture()
    await put('there')
    answers.push('error-before', async () => {
      await put('theirs')
      return false
    })
    const writing = loop.run('key', { value: 'there' }, createWriter().decide)
    await expect(writing).rejects.toMatchObject({ code: 'STORE_OUTCOME_UNKNOWN' })
  })

  it('A write is tried three times, and gets the reason of a refusal only right after it', async () => {
    const { loop, put, answers, done } = createLoopFixture()
    await put('there')
    answers.push('error-before', 'error-before', 'error-before')
    const writing = loop.run('key', { value: 'there' }, createWriter().decide)
    await expect(writing).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(done().filter((one) => one === 'compareAndSet')).toHaveLength(3)
    answers.push('error-before', 'lost')
    const { decide, seen } = createWriter()
    await loop.run('key', { value: 'there' }, decide)
    expect(seen.map(([, failure]) => failure === undefined)).toEqual([true, false, true])
  })

  it('A write fails with the refusal when the value cannot be read after it', async () => {
    const { loop, answers, store } = createLoopFixture()
    const failure = new Error('the engine is away')
    answers.push(async () => {
      store.break('error-before', ({ operation }) => operation === 'get')
      throw failure
    })
    const writing = loop.run('key', { value: undefined }, createWriter().decide)
    await expect(writing).rejects.toMatchObject({ cause: { message: 'the engine is away' } })
  })

  it.each([
    [async () => 'OK', 'STORE_MISBEHAVED'],
    [() => Promise.reject(new SessionError('RECORD_TOO_LARGE', 'too large')), 'RECORD_TOO_LARGE']
  ])('A write is not tried again when that cannot help (%#)', async (answer, code) => {
    const { loop, answers, done } = createLoopFixture()
    answers.push(answer)
    const writing = loop.run('key', { value: undefined }, createWriter().decide)
    await expect(writing).rejects.toMatchObject({ code })
    expect(done()).toEqual([])
  })

  it('The next write reads the value again after an unconfirmed write', async () => {
    const { loop, answers, put, done, store } = createLoopFixture()
    await put('there')
    const { gate, open } = createGate()
    answers.push(async () => {
      await gate
      await put('in between')
      return 'OK'
    })
    const first = loop.run('key', { value: 'there' }, createWriter().decide, true)
    const { decide, seen } = createWriter()
    const second = loop.run('key', undefined, decide, true)
    open()
    await expect(first).rejects.toMatchObject({ code: 'STORE_MISBEHAVED' })
    await second
    expect(seen.map(([value]) => value)).toEqual(['in between'])
    expect([done().filter((one) => one === 'get').length, await store.get('key')]).toEqual([1, 'write 1'])
  })
})

describe('a write that changed nothing, as the store reports', () => {
  const locked = (): Promise<never> =>
    Promise.reject(Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY', wroteNothing: true }))

  it('The write fails at once, without another read and without another attempt', async () => {
    // A store that waits for a lock has waited by then: three attempts would be three waits.
    const { loop, answers, put, done } = createLoopFixture()
    await put('there')
    answers.push(locked)
    const { decide, seen } = createWriter()
    await expect(loop.run('key', { value: 'there' }, decide)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      cause: { message: 'database is locked', code: 'SQLITE_BUSY' }
    })
    expect([done(), seen, answers]).toEqual([['set'], [['there', undefined]], []])
  })

  it('The write fails together with all those of its group', async () => {
    const { loop, answers, done } = createLoopFixture()
    const { gate, open } = createGate()
    answers.push({ gate }, locked)
    const first = loop.run('key', { value: undefined }, () => writing('first'))
    const rest = ['a', 'b'].map((name) => loop.run('key', undefined, () => writing(name)))
    open()
    await first
    expect(await Promise.allSettled(rest)).toMatchObject(Array(2).fill({ reason: { code: 'STORE_UNAVAILABLE' } }))
    expect(done()).toEqual(['compareAndSet'])
  })

  it('The refusal does not undo an earlier attempt with an unknown outcome, which counts if it is found', async () => {
    const { loop, answers, put, store } = createLoopFixture()
    await put('there')
    let late = (): Promise<void> => Promise.resolve()
    answers.push(
      () => {
        late = () => put('write 1')
        return Promise.reject(new Error('connection lost'))
      },
      async () => {
        await late()
        return locked()
      }
    )
    expect(await loop.run('key', { value: 'there' }, createWriter().decide)).toBe('write 1')
    expect(await store.get('key')).toBe('write 1')
  })

  it('A refused attempt is not considered when another value is found later', async () => {
    const { loop, answers, put } = createLoopFixture()
    await put('there')
    answers.push('error-before', locked, async () => {
      await put('write 2')
      return false
    })
    await expect(loop.run('key', { value: 'there' }, createWriter().decide)).rejects.toMatchObject({
      code: 'STORE_OUTCOME_UNKNOWN'
    })
  })

  it('Only the property wroteNothing with the value true has this effect', async () => {
    for (const wroteNothing of [false, 'true', 1]) {
      const { loop, answers, put } = createLoopFixture()
      await put('there')
      answers.push(() => Promise.reject(Object.assign(new Error('down'), { wroteNothing })))
      expect(await loop.run('key', { value: 'there' }, createWriter().decide)).toBe('write 2')
    }
  })
})

describe('writes that wait together', () => {
  const pile = async (
    count: number,
    known: string | undefined,
    { alone = [], ...options }: { readonly alone?: readonly number[]; readonly mostWrites?: number } = {}
  ) => {
    const fixture = createLoopFixture(options)
    const { gate, open } = createGate()
    fixture.answers.push({ gate })
    if (known !== undefined) await fixture.put(known)
    fixture.store.calls.length = 0
    const first = fixture.loop.run('key', { value: known }, () => writing('first'))
    const rest = Array.from({ length: count }, (_, n) =>
      fixture.loop.run('key', { value: known }, () => writing(`${n}`), alone.includes(n))
    )
    open()
    await Promise.all([first, ...rest])
    return fixture.done().length - 1
  }

  it('Waiting writes join a group of at most 64, and of fewer when the value is long', async () => {
    expect(await pile(64, undefined)).toBe(1)
    expect(await pile(65, undefined)).toBe(2)
    expect(await pile(4, 'x'.repeat(2 ** 16))).toBe(1)
    expect(await pile(5, 'x'.repeat(2 ** 16))).toBe(2)
    expect(await pile(64, 'x'.repeat(2 ** 12))).toBe(1)
  })

  it('Writes are not stored together if a compareAndSet may store one write only', async () => {
    expect(await pile(3, undefined, { mostWrites: 1 })).toBe(3)
  })

  it('A write that is to be alone joins no group, and no write joins it', async () => {
    expect(await pile(3, undefined, { alone: [1] })).toBe(3)
    expect(await pile(2, undefined, { alone: [1] })).toBe(2)
    expect(await pile(2, undefined, { alone: [0] })).toBe(2)
  })

  it('Writes are stored one by one when the store refuses their common value as too large', async () => {
    const { loop, answers, store } = createLoopFixture()
    const tooLarge = () => Promise.reject(new SessionError('RECORD_TOO_LARGE', 'too large'))
    const { gate, open } = createGate()
    answers.push({ gate }, tooLarge, undefined, tooLarge, undefined)
    const first = loop.run('key', { value: undefined }, () => writing('first'))
    const rest = ['a', 'b', 'c'].map((name) => loop.run('key', undefined, () => writing(name)))
    open()
    await first
    expect(await Promise.allSettled(rest)).toMatchObject([
      { value: 'a' },
      { reason: { code: 'RECORD_TOO_LARGE' } },
      { value: 'c' }
    ])
    expect(await store.get('key')).toBe('c')
  })

  it('All writes fail when their value turns out too large after a write that was not confirmed', async () => {
    const { loop, answers, store } = createLoopFixture()
    const { gate, open } = createGate()
    answers.push({ gate }, 'error-before', () => Promise.reject(new SessionError('RECORD_TOO_LARGE', 'too large')))
    const first = loop.run('key', { value: undefined }, () => writing('first'))
    const rest = ['a', 'b'].map((name) => loop.run('key', undefined, () => writing(name)))
    open()
    await first
    expect(await Promise.allSettled(rest)).toMatchObject([
      { reason: { code: 'RECORD_TOO_LARGE' } },
      { reason: { code: 'RECORD_TOO_LARGE' } }
    ])
    expect(await store.get('key')).toBe('first')
  })
})

describe('a delete', () => {
  const breaking = (store: ReturnType<typeof createLoopFixture>['store'], faults: Record<string, Fault[]>): void =>
    store.break(({ operation }) => faults[operation]?.shift())

  it('A delete has succeeded when the engine confirms it, or when the key is gone nevertheless', async () => {
    for (const [fault, expected] of [
      [undefined, ['delete']],
      ['error-after', ['delete', 'get']],
      ['error-before', ['delete', 'get', 'delete']]
    ] as const) {
      const { loop, put, store } = createLoopFixture()
      await put('there')
      breaking(store, { delete: fault ? [fault] : [] })
      const { calls } = await store.during(() => loop.delete('key'))
      expect(calls.map(({ operation }) => operation)).toEqual(expected)
      expect(await store.get('key')).toBe(undefined)
    }
  })

  it('A delete fails at once when the store reports that it changed nothing', async () => {
    const calls: string[] = []
    const store = {
      ...createMemoryStore(),
      get: async () => void calls.push('get'),
      delete(): Promise<never> {
        calls.push('delete')
        return Promise.reject(Object.assign(new Error('database is locked'), { wroteNothing: true }))
      }
    }
    const access = createStoreAccess(store, 1_000, undefined)
    const randomBytes = (length: number): Uint8Array => new Uint8Array(length)
    const clock = { sleep: () => Promise.resolve() }
    const loop = createWriteLoop(access, createKeyQueue(access.waitForEarlier), { clock, randomBytes, mostWrites: 64 })
    await expect(loop.delete('key')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(calls).toEqual(['delete'])
  })

  it('A delete fails with its refusal when the key cannot be read after it', async () => {
    const { loop, put, store } = createLoopFixture()
    await put('there')
    breaking(store, { delete: ['error-before'], get: ['error-before'] })
    await expect(loop.delete('key')).rejects.toThrow('failed delete()')
  })

  it('A delete is known to the write that waits behind it, and a failed one is not', async () => {
    for (const [faults, expected, reads] of [
      [[], undefined, 0],
      [['error-before', 'error-before'], 'there', 2]
    ] as const) {
      const { loop, put, store } = createLoopFixture()
      await put('there')
      breaking(store, { delete: [...faults] })
      const { decide, seen } = createWriter()
      const { calls } = await store.during(() =>
        Promise.allSettled([loop.delete('key'), loop.run('key', undefined, decide)])
      )
      expect(seen.map(([value]) => value)).toEqual([expected])
      expect(calls.filter(({ operation }) => operation === 'get')).toHaveLength(reads)
    }
  })
})
