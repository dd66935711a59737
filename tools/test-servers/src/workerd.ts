import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** What the tests use of Miniflare, which has an installation of its own: it is larger than the rest of the repository. */
export interface Worker {
  readonly ready: Promise<URL>
  dispatchFetch(url: string): Promise<Response>
  getD1Database(name: string): Promise<unknown>
  getDurableObjectNamespace(name: string): Promise<unknown>
  getKVNamespace(name: string): Promise<unknown>
  dispose(): Promise<void>
}

const folder = join(import.meta.dirname, '../workerd')

/** `undefined` when workers can run here, otherwise what to do about it. */
export function missingWorkerd(): string | undefined {
  if (existsSync(join(folder, 'node_modules/miniflare'))) return undefined
  return 'workerd is missing: npm ci --prefix tools/test-servers/workerd'
}

/**
 * Starts a worker in a workerd of its own, on loopback, with nothing kept on disk. End it with `dispose()`.
 *
 * @param options Miniflare's.
 * @throws Error that names the missing installation
 */
export function createWorker(options: Readonly<Record<string, unknown>>): Worker {
  const Miniflare: unknown = Reflect.get(Object(installed('miniflare')), 'Miniflare')
  if (typeof Miniflare !== 'function') throw new TypeError('miniflare exports no Miniflare')
  const worker: unknown = Reflect.construct(Miniflare, [options])
  if (!isWorker(worker)) throw new TypeError('Miniflare has another interface than the tests expect')
  return worker
}

/** The version of the installed workerd. */
export function workerdVersion(): string {
  return String(Reflect.get(Object(installed('workerd/package.json')), 'version'))
}

function installed(name: string): unknown {
  const missing = missingWorkerd()
  if (missing !== undefined) throw new Error(missing)
  return createRequire(join(folder, 'package.json'))(name)
}

function isWorker(value: unknown): value is Worker {
  return typeof value === 'object' && value !== null && 'ready' in value && 'dispatchFetch' in value
}
