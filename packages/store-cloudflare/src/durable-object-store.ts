import type { AsyncKeyValueStore, Clock } from '@kvsession/core'
import { checkStoreOptions } from '@kvsession/core/store-options'
import { assertMethods, property, storeInvalid } from './binding.ts'
import type { Command } from './command.ts'

/** The methods of a Durable Object namespace that the store calls. `Id` is a type of the runtime. */
export interface DurableObjectBinding<Id> {
  idFromName(name: string): Id
  get(id: Id): DurableObjectStub
}

export interface DurableObjectStub {
  fetch(url: string, init: { method: string; body: string }): Promise<DurableObjectAnswer>
}

/** The part of a `Response` that the store reads. */
export interface DurableObjectAnswer {
  readonly status: number
  text(): Promise<string>
}

export interface DurableObjectStoreOptions {
  /** The clock of the store. Default: `Date.now`. */
  readonly clock?: Pick<Clock, 'now'>
}

const hint =
  "Export SessionObject of '@kvsession/store-cloudflare' from the worker, bind it, list it under new_sqlite_classes, " +
  'and pass the binding: createDurableObjectStore(env.SESSIONS)'

/**
 * Stores sessions in Durable Objects, one object per key. It is atomic everywhere, and an object serves one visitor or the
 * index of one user. An acknowledged write is on disk in several locations. Objects delete themselves once their record has
 * expired. It has no `keys`, because a worker cannot list a namespace.
 *
 * @throws SessionError `STORE_INVALID`
 */
export function createDurableObjectStore<Id>(
  binding: DurableObjectBinding<Id>,
  options: DurableObjectStoreOptions = {}
): Required<Pick<AsyncKeyValueStore, 'get' | 'set' | 'delete' | 'compareAndSet'>> {
  checkStoreOptions<DurableObjectStoreOptions>(options, { clock: true })
  assertMethods(binding, ['idFromName', 'get'], 'Durable Object', hint)
  const { clock = { now: Date.now } } = options

  async function send(key: string, command: Command): Promise<unknown> {
    const stub = binding.get(binding.idFromName(key))
    const answer = await stub.fetch('https://session-object/', { method: 'POST', body: JSON.stringify(command) })
    const body = await answer.text()
    // A failing SessionObject throws through the binding.
    if (answer.status !== 200) throw otherClass()
    return decodeOutcome(body, key)
  }

  async function write(key: string, command: Command): Promise<boolean> {
    const wrote = property(await send(key, command), 'wrote')
    if (typeof wrote !== 'boolean') throw otherClass()
    return wrote
  }

  return {
    async get(key) {
      const value = property(await send(key, { verb: 'get', now: clock.now() }), 'value')
      if (value === null) return undefined
      if (typeof value !== 'string') throw otherClass()
      return value
    },
    async set(key, value, expiresAt) {
      await write(key, { verb: 'set', now: clock.now(), value, expiresAt })
    },
    async delete(key) {
      await write(key, { verb: 'delete' })
    },
    compareAndSet: (key, expected, value, expiresAt) =>
      write(key, {
        verb: 'compareAndSet',
        now: clock.now(),
        ...(expected !== undefined && { expected }),
        value,
        expiresAt
      })
  }
}

function decodeOutcome(json: string, key: string): unknown {
  let outcome: unknown
  try {
    outcome = JSON.parse(json)
  } catch (error) {
    throw otherClass(error)
  }
  const problem = property(outcome, 'problem')
  if (problem === 'no-sqlite') {
    throw storeInvalid('SessionObject needs SQLite storage. List it under new_sqlite_classes, not new_classes')
  }
  if (problem === 'foreign') {
    throw storeInvalid(
      `The Durable Object of ${key} contains a value that the store did not write. Give the store its own class`
    )
  }
  return outcome
}

function otherClass(cause?: unknown): Error {
  return storeInvalid(`The class of the binding is not SessionObject. ${hint}`, cause)
}
