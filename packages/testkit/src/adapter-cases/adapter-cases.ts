import { createMemoryStore, type KeyValueStore } from '@kvsession/core'
import type { CreateApp } from '../app-under-test.ts'
import type { StoreUnderTest } from '../store-under-test.ts'
import { createTestClock, type TestClock } from '../test-clock.ts'
import { withinTime } from '../within-time.ts'
import { type AdapterCaseDefinition, createAdapterWorld } from './adapter-site.ts'
import { cachingCases } from './caching.ts'
import { commitCases } from './commit.ts'
import { cookieCases } from './cookie.ts'
import { disconnectCases } from './disconnects.ts'
import { errorCases } from './errors.ts'
import { identityCases } from './identity.ts'
import { outageCases } from './outage.ts'
import { raceCases } from './races.ts'
import { streamCases } from './streams.ts'
import { visitorCases } from './visitors.ts'

export interface AdapterCaseOptions {
  /** Mounts the adapter on its framework and serves it on a free port of 127.0.0.1. Called once per case or more. */
  createApp: CreateApp
  /**
   * Makes the store of a case, on an empty engine and with the clock that it is given. It needs `compareAndSet` and
   * `keys`. Default: the in-memory store.
   */
  createStore?(clock: TestClock): KeyValueStore | StoreUnderTest | Promise<KeyValueStore | StoreUnderTest>
  /**
   * Whether the adapter can see that a response has ended, and so store what a stream changed and did not save itself.
   * Default `true`; `false` where the framework hands its responses to the runtime and never hears of them again.
   */
  seesResponseEnd?: boolean
  /** Milliseconds after which a case that still waits for the application has failed; default 20,000. */
  caseTimeout?: number
}

/** One sentence that an adapter must keep, ready to run. */
export interface AdapterCase {
  readonly group: string
  readonly name: string
  run(): Promise<void>
}

const groups: Readonly<Record<string, readonly AdapterCaseDefinition[]>> = {
  cookie: cookieCases,
  visitors: visitorCases,
  commit: commitCases,
  streams: streamCases,
  errors: errorCases,
  outage: outageCases,
  identity: identityCases,
  races: raceCases,
  caching: cachingCases,
  disconnects: disconnectCases
}

/** The suite without a runner, for other harnesses. Cases are independent of each other. */
export function adapterCases(options: AdapterCaseOptions): readonly AdapterCase[] {
  const { createApp, seesResponseEnd = true } = options
  if (typeof createApp !== 'function') throw new TypeError('createApp must be a function that serves an app.')
  return Object.entries(groups).flatMap(([group, definitions]) =>
    definitions
      .filter(({ needsResponseEnd = false }) => seesResponseEnd || !needsResponseEnd)
      .map((definition) => ({ group, name: definition.name, run: () => runCase(definition, options) }))
  )
}

async function runCase({ check }: AdapterCaseDefinition, options: AdapterCaseOptions): Promise<void> {
  const { createApp, createStore, caseTimeout = 20_000 } = options
  const clock = createTestClock(Date.now())
  const created = await withinTime(
    { milliseconds: caseTimeout },
    'createStore',
    async () => createStore?.(clock) ?? createMemoryStore({ clock })
  )
  const { store, cleanup }: StoreUnderTest = 'store' in created ? created : { store: created }
  const world = createAdapterWorld(createApp, clock, store)
  const tearDown = (): Promise<void> =>
    withinTime({ milliseconds: caseTimeout }, 'closing the application', async () => {
      await world.close()
      await cleanup?.()
    })
  try {
    await withinTime({ milliseconds: caseTimeout }, 'the case', () => check(world))
  } catch (error) {
    await tearDown().catch(() => undefined)
    throw error
  }
  await tearDown()
}
