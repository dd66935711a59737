import type { Clock, KeyValueStore } from '@kvsession/core'
import { checkStoreOptions } from '@kvsession/core/store-options'
import { assertMethods, property, storeInvalid } from './binding.ts'
import type { Command } from './command.ts'

/** What the store calls of a Durable Object namespace. `Id` is the runtime's. */
export interface DurableObjectBinding<Id> {
  idFromName(name: string): Id
  get(id: Id): DurableObjectStub
}

export interface DurableObjectStub {
  fetch(url: string, init: { method: string; body: string }): Promise<DurableObjectAnswer>
}

/** Of a `Response`. */
export interface DurableObjectAnswer {
  readonly status: number
  text(): Promise<string>
}

export interface DurableObjectStoreOptions {
  /** Where the time comes from. Default: `Date.now`. */
  readonly clock?: Pick<Clock, 'now'>
}

const cure =
  "Export SessionObject of '@kvsession/store-cloudflare' from the worker, bind it, list it under new_sqlite_classes, " +
  'and pass the binding: createDurableObjectStore(env.SESSIONS)'

/**
 * Sessions in Durable Objects, one object for each key: atomic everywhere, and no object serves more than one visitor or
 * the index of one user. An acknowledged write is on disk in several places. Objects delete themselves when their record
 * is over. Has no `keys`: a namespace cannot be listed from a worker.
 *
 * @throws SessionError `STORE_INVALID`
 */
export function createDurableObjectStore<Id>(
  binding: DurableObjectBinding<Id>,
  options: DurableObjectStoreOptions = {}
): Required<Pick<KeyValueStore, 'get' | 'set' | 'delete' | 'compareAndSet'>> {
  checkStoreOptions<DurableObjectStoreOptions>(options, { clock: true })
  assertMethods(binding, ['idFromName', 'get'], 'Durable Object', cure)
  const { clock = { now: Date.now } } = options

  async function send(key: string, command: Command): Promise<unknown> {
    const stub = binding.get(binding.idFromName(key))
    const answer = await stub.fetch('https://session-object/', { method: 'POST', body: JSON.stringify(command) })
    const text = await answer.text()
    // A SessionObject that fails throws, through the binding.
    if (answer.status !== 200) throw otherClass()
    return decodeOutcome(text, key)
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

function decodeOutcome(text: string, key: string): unknown {
  let outcome: unknown
  try {
    outcome = JSON.parse(text)
  } catch (error) {
    throw otherClass(error)
  }
  const problem = property(outcome, 'problem')
  if (problem === 'no-sqlite') {
    throw storeInvalid('SessionObject needs storage of SQLite. List it under new_sqlite_classes, not new_classes')
  }
  if (problem === 'foreign') {
    throw storeInvalid(
      `The Durable Object of ${key} holds something it did not write. Give the store a class of its own`
    )
  }
  return outcome
}

function otherClass(cause?: unknown): Error {
  return storeInvalid(`The binding is of another class than SessionObject. ${cure}`, cause)
}
