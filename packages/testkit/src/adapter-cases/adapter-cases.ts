import { createMemoryStore, type KeyValueStore } from '@kvsession/core'
import type { CreateApp } from '../app-under-test.ts'
import type { StoreUnderTest } from '../store-under-test.ts'
import { createTestClock, type TestClock } from '../test-clock.ts'
import { withinTime } from '../within-time.ts'
import { type AdapterCaseDefinition, createAdapterFixture } from './adapter-fixture.ts'
import { bearerCases } from './bearer.ts'
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
  /** Mounts the adapter on its framework and serves it on a free port of 127.0.0.1. Called at least once per case. */
  createApp: CreateApp
  /**
   * Creates the store of a case on an empty engine, with the given clock. The store needs `compareAndSet` and `keys`.
   * Default: the in-memory store.
   */
  createStore?(clock: TestClock): KeyValueStore | StoreUnderTest | Promise<KeyValueStore | StoreUnderTest>
  /**
   * Whether the adapter can detect the end of a response, and so store changes that a stream made but did not save.
   * Default `true`. Set it to `false` if the framework passes its responses to the runtime and gets no notification.
   */
  seesResponseEnd?: boolean
  /** How clients send their tokens; `manager` has the same setting. Default `cookie`. */
  transport?: 'cookie' | 'bearer'
  /** Milliseconds after which a case fails that still waits for the application; default 20,000. */
  caseTimeout?: number
}

/** One requirement for adapters, ready to run. */
export interface AdapterCase {
  readonly group: string
  readonly name: string
  run(): Promise<void>
}

const groups: Readonly<Record<string, readonly AdapterCaseDefinition[]>> = {
  cookie: cookieCases,
  bearer: bearerCases,
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

/** Returns the suite without a test runner, for other harnesses. Cases are independent of each other. */
export function adapterCases(options: AdapterCaseOptions): readonly AdapterCase[] {
  const { createApp, seesResponseEnd = true, transport = 'cookie' } = options
  if (typeof createApp !== 'function') throw new TypeError('createApp must be a function that serves an application.')
  return Object.entries(groups).flatMap(([group, definitions]) =>
    definitions
      .filter((definition) => seesResponseEnd || definition.needsResponseEnd !== true)
      .filter((definition) => transport === (definition.transport ?? transport))
      .map((definition) => ({ group, name: definition.name, run: () => runCase(definition, options) }))
  )
}

async function runCase({ check }: AdapterCaseDefinition, options: AdapterCaseOptions): Promise<void> {
  const { createApp, createStore, transport = 'cookie', caseTimeout = 20_000 } = options
  const clock = createTestClock(Date.now())
  const created = await withinTime(
    { milliseconds: caseTimeout },
    'createStore',
    async () => createStore?.(clock) ?? createMemoryStore({ clock })
  )
  const { store, cleanup }: StoreUnderTest = 'store' in created ? created : { store: created }
  const fixture = createAdapterFixture({ createApp, clock, store, transport })
  const tearDown = (): Promise<void> =>
    withinTime({ milliseconds: caseTimeout }, 'closing the application', async () => {
      await fixture.close()
      await cleanup?.()
    })
  try {
    await withinTime({ milliseconds: caseTimeout }, 'the case', () => check(fixture))
  } catch (error) {
    await tearDown().catch(() => undefined)
    throw error
  }
  await tearDown()
}
