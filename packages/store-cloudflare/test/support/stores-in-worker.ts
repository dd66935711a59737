import { createTestClock, type OptionalMethod, type StoreCaseOptions } from '@kvsession/testkit'
import {
  createD1Store,
  createDurableObjectStore,
  createKvStore,
  type D1Binding,
  type DurableObjectBinding,
  type KvBinding
} from '../../src/index.ts'

/** The bindings of the test worker. */
export interface TestEnv {
  readonly SESSIONS: DurableObjectBinding<unknown>
  readonly PLAIN: DurableObjectBinding<unknown>
  readonly DB: D1Binding
  readonly KV: KvBinding
}

export const storeNames = ['Durable Objects', 'D1', 'KV'] as const

export type StoreName = (typeof storeNames)[number]

const methodsOf: Readonly<Record<StoreName, readonly OptionalMethod[]>> = {
  'Durable Objects': ['compareAndSet'],
  D1: ['getMany', 'compareAndSet', 'keys', 'deleteExpired'],
  KV: ['keys']
}

let created = 0

/** Creates stores on an empty engine for the conformance suite inside the worker. Outside, only the case names matter. */
export function caseOptionsOf(name: StoreName, env: TestEnv | undefined): StoreCaseOptions {
  const clock = createTestClock()
  const bindings = (): TestEnv => {
    if (env === undefined) throw new Error('The cases run inside the worker.')
    return env
  }
  const methods = methodsOf[name]
  if (name === 'Durable Objects') {
    let place = ''
    const open = () => createDurableObjectStore(apart(bindings().SESSIONS, place), { clock })
    const createStore = () => {
      place = `case-${created++}`
      return { store: open(), clock }
    }
    // The class without SQLite refuses every command.
    const createFailingStore = () => createDurableObjectStore(bindings().PLAIN)
    return { methods, createStore, createSecondStore: open, createFailingStore }
  }
  if (name === 'D1') {
    let table = ''
    const open = () => createD1Store(bindings().DB, { clock, table })
    const createStore = async () => {
      table = `case_${created++}`
      const store = open()
      await store.ensureSchema()
      return { store, clock }
    }
    const createFailingStore = () => createD1Store(bindings().DB, { table: 'missing' })
    return { methods, createStore, createSecondStore: open, createFailingStore }
  }
  const open = () => createKvStore(bindings().KV, { clock })
  const createStore = async () => {
    const store = open()
    await empty(bindings().KV)
    return { store, clock }
  }
  return { methods, createStore, createSecondStore: open }
}

/** The same objects with other names. */
function apart(binding: DurableObjectBinding<unknown>, place: string): DurableObjectBinding<unknown> {
  return { idFromName: (name) => binding.idFromName(`${place}/${name}`), get: (id) => binding.get(id) }
}

async function empty(binding: KvBinding): Promise<void> {
  const page: unknown = await binding.list({ prefix: '', cursor: null })
  const keys: unknown = typeof page === 'object' && page !== null ? Reflect.get(page, 'keys') : []
  if (!Array.isArray(keys)) return
  await Promise.all(keys.map(({ name }: { name: string }) => binding.delete(name)))
}
