import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  createMemoryStore,
  createSessionManager,
  isSessionError,
  jsonSerializer,
  type KeyValueStore,
  type SessionErrorCode,
  type SessionManager,
  type SessionManagerOptions
} from '../src/index.ts'
import { createEncryption } from '../src/record/encryption.ts'
import { createCachedStore } from '../src/store/cached-store.ts'
import { applyHeaders } from '../src/transport/response-headers.ts'
import { secret } from './support/fixture.ts'

type Function = (...args: never[]) => unknown

/** The names of the functions among the members of `T`. */
type MethodsOf<T> = T extends Primitive | readonly unknown[]
  ? never
  : { [K in keyof T & string]-?: Extract<T[K], Function> extends never ? never : K }[keyof T & string]

type Primitive = string | number | boolean | undefined

/** The paths of every function that can be passed as an option, or as a method of one. */
type CallbackPath<T> = {
  [K in keyof T & string]-?:
    | (Extract<T[K], Function> extends never ? never : K)
    | (Extract<T[K], Function> extends never ? `${K}.${MethodsOf<T[K]>}` : never)
}[keyof T & string]

/** Functions that are passed in other ways. */
type OtherPath = 'schema.validate' | 'session.update' | 'manager.update' | 'store.set'

type Kind = 'throws' | 'rejects' | 'never settles' | 'returns a wrong value'
type Outcome = SessionErrorCode | 'no error' | 'its own error'
type Any = (...args: unknown[]) => unknown

/** Passes calls through to a function until it is broken. */
type Breakable = <F extends Function>(works: F) => F

interface Stage {
  readonly manager: SessionManager
  readonly breakable: Breakable
  cookie: string
  /** One whole request. */
  request(handle?: (session: Opened) => unknown): Promise<unknown>
}

type Opened = Awaited<ReturnType<SessionManager['open']>>

interface Row {
  /** The option with the function in it. */
  readonly options: (breakable: Breakable) => Partial<SessionManagerOptions>
  /** Makes the manager call the function. */
  readonly use: (stage: Stage) => unknown
  /** The effect when the function throws, rejects, never settles or returns another value. */
  readonly outcomes: readonly [Outcome, Outcome, Outcome, Outcome]
  /** A value of the wrong type. Default: a number. */
  readonly other?: unknown
}

const memory = createMemoryStore()
const write = (stage: Stage): unknown => stage.request(({ data }) => Object.assign(data, { a: Math.random() }))
const read = (stage: Stage): unknown => stage.request(({ data }) => data.a)
const unavailable: Row['outcomes'] = ['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE', 'STORE_TIMEOUT', 'STORE_MISBEHAVED']
const synchronous: Row['outcomes'] = ['CALLBACK_FAILED', 'OPTION_INVALID', 'OPTION_INVALID', 'OPTION_INVALID']
const aead = createEncryption({ secret: 'one that is for encryption alone, and long' })

function inStore(method: keyof KeyValueStore): Row['options'] {
  return (breakable) => {
    const store = createMemoryStore()
    const getMany = (keys: readonly string[]): Promise<unknown> => Promise.all(keys.map(store.get))
    const works: Function = { close: () => Promise.resolve(), getMany, ...store }[method]
    return { store: { ...store, [method]: breakable(works) } }
  }
}

async function race(stage: Stage): Promise<void> {
  const [one, other] = [await stage.manager.open(stage.cookie), await stage.manager.open(stage.cookie)]
  one.data.a = 10
  other.data.a = 11
  await stage.manager.commit(one)
  await stage.manager.commit(other)
}

async function all(stage: Stage): Promise<void> {
  for await (const _ of stage.manager.list());
}

const schemaOf = (validate: (data: unknown) => unknown): Partial<SessionManagerOptions> => ({
  schema: { '~standard': { version: 1, vendor: 'test', validate: validate as never } }
})

/** Accepts data that is stored for the first time, and refuses it at the next load. */
function acceptOnce(): (data: unknown) => object {
  let left = 1
  return (data) => (Object.keys(Object(data)).length === 0 || left-- > 0 ? { value: data } : { issues: [] })
}

/** A callback without a row does not compile. */
const rows = {
  onEvent: {
    options: (breakable) => ({ onEvent: breakable(() => {}) }),
    use: write,
    outcomes: ['no error', 'no error', 'no error', 'no error']
  },
  onConflict: {
    options: (breakable) => ({ onConflict: breakable(({ ours }) => ours) }),
    use: race,
    outcomes: ['CALLBACK_FAILED', 'OPTION_INVALID', 'OPTION_INVALID', 'DATA_UNSERIALIZABLE'],
    other: 1n
  },
  'clock.now': {
    options: (breakable) => ({ clock: { now: breakable(() => Date.now()) } }),
    use: write,
    outcomes: synchronous,
    other: '7'
  },
  'clock.sleep': {
    options: (breakable) => ({
      clock: { now: () => Date.now(), sleep: breakable(() => Promise.resolve()) },
      store: losing(6)
    }),
    use: write,
    outcomes: ['no error', 'no error', 'no error', 'no error']
  },
  'serializer.serialize': {
    options: (breakable) => ({ serializer: { ...jsonSerializer, serialize: breakable(jsonSerializer.serialize) } }),
    use: write,
    outcomes: ['CALLBACK_FAILED', 'OPTION_INVALID', 'OPTION_INVALID', 'DATA_UNSERIALIZABLE']
  },
  // A serializer may throw: the record is then corrupt.
  'serializer.deserialize': {
    options: (breakable) => ({ serializer: { ...jsonSerializer, deserialize: breakable(jsonSerializer.deserialize) } }),
    use: read,
    outcomes: ['no error', 'no error', 'no error', 'no error']
  },
  'encryption.encrypt': {
    options: (breakable) => ({ encryption: { ...aead, encrypt: breakable(aead.encrypt) } }),
    use: write,
    outcomes: synchronous
  },
  'encryption.decrypt': {
    options: (breakable) => ({ encryption: { ...aead, decrypt: breakable(aead.decrypt) } }),
    use: read,
    outcomes: synchronous
  },
  'schema.validate': {
    options: (breakable) => schemaOf(breakable((value: unknown) => ({ value }))),
    use: read,
    outcomes: ['CALLBACK_FAILED', 'CALLBACK_FAILED', 'CALLBACK_FAILED', 'OPTION_INVALID'],
    other: undefined
  },
  onSchemaMismatch: {
    options: (breakable) => ({ ...schemaOf(acceptOnce()), onSchemaMismatch: breakable(() => ({})) }),
    use: read,
    outcomes: synchronous
  },
  userIdFrom: {
    options: (breakable) => ({ userIdFrom: breakable(() => undefined) }),
    use: write,
    outcomes: ['CALLBACK_FAILED', 'OPTION_INVALID', 'OPTION_INVALID', 'ARGUMENT_INVALID']
  },
  randomBytes: {
    options: (breakable) => ({ randomBytes: breakable((length) => crypto.getRandomValues(new Uint8Array(length))) }),
    use: (stage) => stage.request((session) => session.regenerate()),
    outcomes: synchronous
  },
  'session.update': {
    options: () => ({}),
    use: (stage) => stage.request((session) => session.update(stage.breakable(() => {}))),
    outcomes: ['its own error', 'ARGUMENT_INVALID', 'ARGUMENT_INVALID', 'no error']
  },
  'manager.update': {
    options: () => ({}),
    use: async (stage) => {
      const { id } = await stage.manager.open(stage.cookie)
      await stage.manager.update(
        id,
        stage.breakable(() => {})
      )
    },
    outcomes: ['its own error', 'ARGUMENT_INVALID', 'ARGUMENT_INVALID', 'no error']
  },
  'store.get': { options: inStore('get'), use: read, outcomes: unavailable },
  'store.compareAndSet': { options: inStore('compareAndSet'), use: write, outcomes: unavailable },
  'store.delete': {
    options: inStore('delete'),
    use: (stage) => stage.request((session) => session.destroy()),
    outcomes: ['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE', 'STORE_TIMEOUT', 'no error']
  },
  'store.set': {
    options: (breakable) => {
      const { compareAndSet, set, ...rest } = createMemoryStore()
      return { store: { ...rest, set: breakable(set) }, allowNonAtomicStore: true }
    },
    use: write,
    outcomes: ['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE', 'STORE_TIMEOUT', 'no error']
  },
  'store.getMany': {
    options: inStore('getMany'),
    use: async (stage) => {
      await write(stage)
      await all(stage)
    },
    outcomes: unavailable,
    other: ['value', 'one too many']
  },
  'store.keys': {
    options: inStore('keys'),
    use: all,
    outcomes: ['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE', 'STORE_TIMEOUT', 'STORE_UNAVAILABLE']
  },
  'store.deleteExpired': {
    options: inStore('deleteExpired'),
    use: ({ manager }) => manager.sweep(),
    outcomes: unavailable,
    other: '7'
  },
  'store.watch': {
    options: (breakable) => {
      const store = createMemoryStore()
      return { store: createCachedStore({ ...store, watch: breakable(store.watch) }) }
    },
    use: read,
    outcomes: ['no error', 'no error', 'no error', 'no error']
  },
  'store.close': {
    options: inStore('close'),
    use: ({ manager }) => manager.close(),
    outcomes: ['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE', 'STORE_TIMEOUT', 'no error']
  }
} satisfies Record<CallbackPath<SessionManagerOptions> | OtherPath, Row>

/** Other processes win the first writes. */
function losing(times: number): KeyValueStore {
  const store = createMemoryStore()
  let left = times
  return {
    ...store,
    compareAndSet: async (...args) => (left-- > 0 ? false : ((await store.compareAndSet?.(...args)) ?? false))
  }
}

const throwing = new Proxy(
  {},
  {
    get: () => {
      throw new Error('from a trap')
    },
    has: () => {
      throw new Error('from a trap')
    },
    getPrototypeOf: () => {
      throw new Error('from a trap')
    }
  }
)

const thrown: readonly (readonly [string, unknown])[] = [
  ['an error', new Error('of the callback')],
  ['nothing', undefined],
  ['an object without prototype', Object.create(null)],
  ['an error whose message is a number', Object.assign(new Error(), { message: 7 })],
  ['a proxy that throws', throwing]
]

async function setTheStage({ options }: Row, bad: Any): Promise<Stage & { break(): void }> {
  let broken = false
  const breakable: Breakable = <F extends Function>(works: F): F => {
    const call: Function = (...args) => (broken ? bad(...args) : works(...args))
    return call as F
  }
  const manager = createSessionManager({ store: createMemoryStore(), secret, storeTimeout: 2, ...options(breakable) })
  const stage: Stage & { break(): void } = {
    manager,
    breakable,
    cookie: '',
    async request(handle) {
      const session = await manager.open(stage.cookie)
      await handle?.(session)
      const { headers } = await manager.commit(session)
      const target = new Headers()
      applyHeaders(headers, target)
      for (const line of target.getSetCookie()) stage.cookie = line.split(';')[0] ?? ''
    },
    break() {
      broken = true
    }
  }
  await stage.request(({ data }) => Object.assign(data, { a: 1 }))
  return stage
}

async function outcomeOf(row: Row, bad: Any): Promise<string> {
  const stage = await setTheStage(row, bad)
  stage.break()
  try {
    await row.use(stage)
    return 'no error'
  } catch (error) {
    return isSessionError(error) ? error.code : 'its own error'
  }
}

const cases = Object.entries<Row>(rows).flatMap(([path, row]) =>
  (['throws', 'rejects', 'never settles', 'returns a wrong value'] as const).map(
    (kind, index): readonly [string, Kind, Row, Outcome] => [path, kind, row, row.outcomes[index] ?? 'no error']
  )
)

function misbehaving(kind: Kind, row: Row, error: unknown): Any {
  return () => {
    if (kind === 'throws') throw error
    if (kind === 'rejects') return Promise.reject(error)
    if (kind === 'never settles') return new Promise(() => {})
    return 'other' in row ? row.other : 7
  }
}

describe('a callback that misbehaves affects only its own call', () => {
  const unhandled: unknown[] = []
  const notice = (reason: unknown): unknown => unhandled.push(reason)

  beforeEach(() => {
    unhandled.length = 0
    process.on('unhandledRejection', notice)
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  })
  afterEach(() => {
    process.off('unhandledRejection', notice)
    vi.restoreAllMocks()
  })

  it.each(cases)(
    '%s that %s: the caller gets a typed error, in time, and the process lives',
    async (_, kind, row, expected) => {
      const errors = kind === 'throws' || kind === 'rejects' ? thrown : thrown.slice(0, 1)
      for (const [name, error] of errors) {
        expect([name, await outcomeOf(row, misbehaving(kind, row, error))]).toEqual([name, expected])
      }
      await new Promise((resolve) => setImmediate(resolve))
      expect(unhandled).toEqual([])
    }
  )

  it('A request with a junk cookie is served although onEvent rejects', async () => {
    const onEvent = (): Promise<never> => Promise.reject(new Error('log server away'))
    const manager = createSessionManager({ store: memory, secret, onEvent })
    expect((await manager.open('__Host-sid=junk')).isNew).toBe(true)
    await new Promise((resolve) => setImmediate(resolve))
    expect(unhandled).toEqual([])
  })

  it('An error or rejection of onEvent is reported once, as a process warning', async () => {
    for (const fail of [
      () => Promise.reject(new Error('log server away')),
      () => {
        throw new Error('log server away')
      }
    ]) {
      const warn = vi.spyOn(process, 'emitWarning').mockClear()
      const manager = createSessionManager({ store: memory, secret, onEvent: fail })
      for (let i = 0; i < 3; i++) await manager.open('__Host-sid=junk')
      await new Promise((resolve) => setImmediate(resolve))
      expect(warn.mock.calls).toEqual([['kvsession: onEvent failed: Error: log server away']])
    }
  })

  it('The warning about onEvent goes to the console if there is no process', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    vi.stubGlobal('process', undefined)
    try {
      const manager = createSessionManager({
        store: memory,
        secret,
        onEvent: () => {
          throw undefined
        }
      })
      await manager.open('__Host-sid=junk')
    } finally {
      vi.unstubAllGlobals()
    }
    expect(warn).toHaveBeenCalledOnce()
  })

  it.each(cases)('%s that %s from the start: the manager is refused with a typed error, or made', (_, kind, row) => {
    const bad = misbehaving(kind, row, new Error('of the callback'))
    try {
      const works: Breakable = () => bad as never
      createSessionManager({ store: createMemoryStore(), secret, ...row.options(works) })
    } catch (error) {
      expect(isSessionError(error)).toBe(true)
    }
  })
})
