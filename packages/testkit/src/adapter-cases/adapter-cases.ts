import type { CreateApp } from '../app-under-test.ts'
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
  const { createApp, seesResponseEnd = true, caseTimeout = 20_000 } = options
  if (typeof createApp !== 'function') throw new TypeError('createApp must be a function that serves an app.')
  return Object.entries(groups).flatMap(([group, definitions]) =>
    definitions
      .filter(({ needsResponseEnd = false }) => seesResponseEnd || !needsResponseEnd)
      .map((definition) => ({ group, name: definition.name, run: () => runCase(definition, createApp, caseTimeout) }))
  )
}

async function runCase({ check }: AdapterCaseDefinition, createApp: CreateApp, caseTimeout: number): Promise<void> {
  const world = createAdapterWorld(createApp)
  try {
    await withinTime(caseTimeout, 'the case', () => check(world))
  } catch (error) {
    await withinTime(caseTimeout, 'closing the application', () => world.close()).catch(() => undefined)
    throw error
  }
  await withinTime(caseTimeout, 'closing the application', () => world.close())
}
