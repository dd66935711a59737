import { createSessionManager } from '@kvsession/core'
import { createWorker, describeOnWorkerd, type Worker } from 'test-servers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createKvStore, type KvBinding } from '../src/index.ts'
import { namespaceOf } from './support/workerd.ts'

const minute = 60_000

describeOnWorkerd('createKvStore', () => {
  let worker: Worker
  let binding: KvBinding
  beforeAll(async () => {
    worker = startNamespace()
    binding = await namespaceOf(worker)
  })
  afterAll(() => worker.dispose())

  it('KV is told to remove a value a minute after its deadline, never before', async () => {
    const store = createKvStore(binding)
    const deadline = Date.now() + 10 * minute
    await store.set('live', 'value', deadline)
    await store.set('over', 'value', Date.now() - 1)
    await store.set('for-ever', 'value', Date.UTC(9999, 0))
    const metadata = expect.anything()
    const page: unknown = await binding.list({ prefix: '', cursor: null })
    expect(page).toHaveProperty('keys', [
      { name: 'for-ever_', metadata },
      { name: 'live_', metadata, expiration: expect.toSatisfy((time) => time >= (deadline + minute) / 1000 - 1) },
      { name: 'over_', metadata, expiration: expect.toSatisfy((time) => time >= Date.now() / 1000) }
    ])
    expect(await store.get('over')).toBeUndefined()
  })

  it('A foreign value in the namespace is an error that names the key', async () => {
    const store = createKvStore(binding)
    await binding.put('foreign_', 'nonsense', { metadata: { expiresAt: 1 } })
    const problem = {
      code: 'STORE_INVALID',
      message: expect.stringContaining('under foreign_. Give it its own namespace')
    }
    await expect(store.get('foreign')).rejects.toMatchObject(problem)
    await binding.delete('foreign_')
    await Reflect.apply(binding.put, binding, ['foreign_', 'without metadata'])
    await expect(store.keys('foreign')[Symbol.asyncIterator]().next()).rejects.toMatchObject(problem)
    await binding.delete('foreign_')
  })

  it('Every method rejects if KV is unavailable', async () => {
    const own = startNamespace()
    const gone = createKvStore(await namespaceOf(own))
    await gone.set('key', 'value', Date.now() + minute)
    await own.dispose()
    const calls = [() => gone.get('key'), () => gone.set('key', 'value', Date.now() + minute), () => gone.delete('key')]
    for (const call of calls) await expect(call()).rejects.toThrow()
    await expect(gone.keys('')[Symbol.asyncIterator]().next()).rejects.toThrow()
  })

  it('A manager without allowNonAtomicStore refuses the KV store', () => {
    const store = createKvStore(binding)
    expect(() => createSessionManager({ store, secret: 'a secret for tests that is long enough' })).toThrow(
      'allowNonAtomicStore'
    )
  })

  it.each([
    ['no binding', undefined, 'got no binding'],
    ['a name', 'SESSIONS', 'without get()'],
    ['a Map', new Map(), 'without put()']
  ])('createKvStore refuses %s and says what to pass', (_name, value, message) => {
    expect(() => Reflect.apply(createKvStore, undefined, [value])).toThrow(
      expect.objectContaining({ code: 'STORE_INVALID', message: expect.stringContaining(message) })
    )
  })
})

function startNamespace(): Worker {
  const script = 'export default { fetch: () => new Response(null) }'
  return createWorker({ modules: true, script, cf: false, kvNamespaces: ['KV'] })
}
