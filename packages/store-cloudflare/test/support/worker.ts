import { createMemoryStore, type KeyValueStore } from '@kvsession/core'
import { storeCases } from '@kvsession/testkit'
import {
  createD1Store,
  createDurableObjectStore,
  createKvStore,
  SessionObject,
  type SessionObjectState,
  type SessionObjectStorage
} from '../../src/index.ts'
import { createSite, type Site } from './site.ts'
import { caseOptionsOf, storeNames, type TestEnv } from './stores-in-worker.ts'

export { SessionObject, SessionObject as PlainObject } from '../../src/index.ts'

interface ListableStorage extends SessionObjectStorage {
  list(): Promise<Map<string, unknown>>
}

/** Lets a test read the storage and write foreign values. */
export class ProbedObject extends SessionObject {
  readonly #storage: ListableStorage

  constructor(state: SessionObjectState & { readonly storage: ListableStorage }) {
    super(state)
    this.#storage = state.storage
  }

  override async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (pathname === '/spoil') await this.#storage.put('record', 'a foreign value')
    else if (pathname === '/alarm') await this.alarm()
    else if (pathname !== '/inside') return super.fetch(request)
    return Response.json({ entries: (await this.#storage.list()).size, alarm: await this.#storage.getAlarm() })
  }
}

/** A class of another application, bound by mistake. */
export class OtherObject {
  async fetch(request: Request): Promise<Response> {
    const command = await request.text()
    if (command.includes('"get"')) return Response.json({})
    return command.includes('"set"') ? new Response('hello') : Response.json({ wrote: true }, { status: 404 })
  }
}

/** A class that fails. */
export class BrokenObject {
  fetch(): Response {
    throw new Error('the object is broken')
  }
}

interface Bindings extends TestEnv {
  readonly SESSION_SECRET: string
}

const memory = createMemoryStore()
let silent = false

/** Responds until `/silence` is requested. */
const silentStore: KeyValueStore = {
  ...memory,
  get: (key) => (silent ? new Promise<never>(() => {}) : memory.get(key))
}

let cutOff: (() => void) | undefined

/** A request of `…/cut/…` starts a write and then ends. */
function cuttable<T>(write: () => Promise<T>): Promise<T> {
  if (!cutOff) return write()
  cutOff()
  cutOff = undefined
  return new Promise<never>(() => {})
}

const { compareAndSet, ...plainStore } = createMemoryStore()
const cuttableStores: Readonly<Record<string, KeyValueStore>> = {
  atomic: { ...plainStore, compareAndSet: (...args) => cuttable(async () => compareAndSet(...args)) },
  plain: { ...plainStore, set: (...args) => cuttable(() => plainStore.set(...args)) }
}

const sites = new Map<string, Site>()

/** `d1.2` is the third manager on D1. The managers share nothing, as in different data centres. */
function siteOf(name: string, env: Bindings): Site {
  const known = sites.get(name)
  if (known !== undefined) return known
  const site = createSite(storeOf(name.split('.')[0], env), env.SESSION_SECRET)
  sites.set(name, site)
  return site
}

function storeOf(kind: string | undefined, env: Bindings): KeyValueStore {
  if (kind === 'silent') return silentStore
  const cuttableStore = cuttableStores[kind ?? '']
  if (cuttableStore) return cuttableStore
  if (kind === 'kv') return createKvStore(env.KV)
  return kind === 'd1' ? createD1Store(env.DB) : createDurableObjectStore(env.SESSIONS)
}

async function runCase(env: TestEnv, path: string): Promise<Response> {
  const [, , store, index] = path.split('/').map(decodeURIComponent)
  const name = storeNames.find((known) => known === store)
  const storeCase = name && storeCases(caseOptionsOf(name, env))[Number(index)]
  if (storeCase === undefined) return new Response('no such case', { status: 404 })
  try {
    await storeCase.run()
    return Response.json({ passed: storeCase.name })
  } catch (error) {
    return Response.json({ failed: error instanceof Error ? String(error.stack) : String(error) })
  }
}

const systemNow = Date.now

/** The type that workerd accepts as the default export. */
export const worker: { fetch(request: Request, env: Bindings): Promise<Response> } = {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname.startsWith('/cases/')) return runCase(env, pathname)
    if (pathname === '/clock') {
      const shift = Number(searchParams.get('shift'))
      Date.now = () => systemNow() + shift
      return new Response('moved')
    }
    if (pathname === '/silence') {
      silent = true
      return new Response('silent')
    }
    const [, site = '', ...rest] = pathname.split('/')
    if (rest[0] !== 'cut') return siteOf(site, env).fetch(request)
    // A call without a response ends with the request, as when the client disconnects.
    const cut = new Promise<Response>((resolve) => {
      cutOff = () => resolve(new Response('cut off'))
    })
    const target = new URL(`/${site}/${rest.slice(1).join('/')}`, request.url)
    return Promise.race([cut, siteOf(site, env).fetch(new Request(target, request))])
  }
}
