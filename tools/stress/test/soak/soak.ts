import { setTimeout as wait } from 'node:timers/promises'
import { frameworks } from '../../src/applications.ts'
import { createRandom } from '../../src/random.ts'
import { storeServers } from '../../src/stores/store-servers.ts'
import { auditEndedTokens, auditUser, visitDevices } from './audit.ts'
import type { Context } from './client.ts'
import { createUser } from './device.ts'
import { createEndedTokens } from './ended-tokens.ts'
import { drawFaults, type FaultContext, inject } from './faults.ts'
import type { Flaw } from './flaw.ts'
import type { Sample } from './growth.ts'
import { createKeys } from './keys.ts'
import { takeStep } from './next-step.ts'
import { createServer, type Server } from './server-process.ts'
import { createTraffic, type Traffic } from './traffic.ts'

export const soakedStores = ['redis', 'postgres', 'sqlite'] as const

export type SoakedStore = (typeof soakedStores)[number]

export interface SoakOptions {
  readonly store: SoakedStore
  readonly seed: number
  readonly clients: number
  /** Requests that are done between two faults. */
  readonly requests: number
  /** Milliseconds between two steps of a client. */
  readonly pause?: number
  /** Milliseconds between two faults, at least. */
  readonly rest?: number
  /** Asked after each fault. */
  readonly goesOn: (faults: number) => boolean
  readonly flaw?: Flaw
}

export interface SoakResult {
  readonly counts: Readonly<Record<string, number>>
  /** One after each fault, of the process that runs from start to end. */
  readonly samples: readonly Sample[]
  /** Errors that this process did not handle. */
  readonly unhandled: number
}

const usersOfClient = 3

/**
 * Lets clients visit three application processes that share a store, injects faults, and compares what is there with
 * what was acknowledged, all the time and once more at the end.
 *
 * @throws Error that names the first violation, with the requests of the user before it
 */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { store, seed, flaw } = options
  const storeServer = await storeServers[store].start()
  // On PostgreSQL, connections of a frozen server are released again.
  const address =
    store === 'postgres' ? `${storeServer.address}?query_timeout=5000&lock_timeout=1000` : storeServer.address
  let traffic: Traffic | undefined
  const onCrash = (error: Error): void => traffic?.fail(error)
  const turn = soakedStores.indexOf(store)
  const create = (index: number): Server => {
    const framework = frameworks[(turn + index) % frameworks.length] ?? 'express'
    const args = [store, address, framework, flaw ?? '']
    return createServer({ name: framework, script: 'application-process.ts', args, onCrash })
  }
  const lasting = create(0)
  const others = [create(1), create(2)] as const
  const baseline = createServer({ name: 'the baseline', script: 'baseline-process.ts', args: [], onCrash })
  const servers = [lasting, ...others] as const
  try {
    const keys = createKeys(store)
    await Promise.all([baseline, ...servers].map((server) => server.start(keys.secrets)))
    traffic = createTraffic(servers, { of: lasting, to: baseline })
    const clients = createClients(options, traffic)
    const random = createRandom(seed)
    const visitAll = async (): Promise<void> => {
      for (const context of clients.flat()) await visitDevices(context)
    }
    const faultContext = { storeServer, lasting, others, traffic, clients: clients.length, random, keys, visitAll }
    const samples = await runFaults(options, faultContext, baseline, clients)
    for (const context of clients.flat()) await auditUser(context, servers)
    for (const context of clients.flat().slice(0, 1)) await auditEndedTokens(context)
    const { unhandled } = await lasting.vitals()
    return { counts: traffic.counts, samples, unhandled }
  } finally {
    traffic?.close()
    await Promise.all([baseline, ...servers].map((server) => server.kill()))
    await storeServer.stop()
  }
}

/** For each client the users whose steps it takes. */
function createClients({ clients, store, seed }: SoakOptions, traffic: Traffic): readonly (readonly Context[])[] {
  const endedTokens = createEndedTokens(createRandom(seed))
  return Array.from({ length: clients }, (_, client) => {
    const random = createRandom(seed * 1_000 + client)
    return Array.from({ length: usersOfClient }, (_, number) => {
      const user = createUser(`${store}-${client}-${number}`)
      return { traffic, endedTokens, random, user }
    })
  })
}

/** One fault after the other while the clients take their steps; then the clients stop. */
async function runFaults(
  { requests, rest = 0, pause = 0, goesOn }: SoakOptions,
  context: FaultContext,
  baseline: Server,
  clients: readonly (readonly Context[])[]
): Promise<readonly Sample[]> {
  const { traffic, lasting, storeServer, random } = context
  let isOver = false
  const running = clients.map((users) => runClient(users, traffic, () => isOver, pause))
  const samples: Sample[] = []
  try {
    await served(traffic, requests)
    for (const fault of drawFaults(storeServer, random)) {
      await inject(fault, context)
      traffic.count(`faults: ${fault}`)
      await served(traffic, requests)
      if (rest > 0) await wait(rest)
      const [vitals, { rss }] = await traffic.whileIdle(() => Promise.all([lasting.vitals(), baseline.vitals()]))
      samples.push({ ...vitals, baseline: rss })
      if (!goesOn(samples.length)) break
    }
  } finally {
    isOver = true
    await Promise.race([Promise.all(running), traffic.failed])
  }
  return samples
}

/** Takes one step after the other, each for a random user. A violation fails the soak. */
async function runClient(
  users: readonly Context[],
  traffic: Traffic,
  isOver: () => boolean,
  pause: number
): Promise<void> {
  const [first] = users
  if (!first) return
  try {
    while (!isOver()) {
      await traffic.step(() => takeStep(users[first.random.below(users.length)] ?? first))
      if (pause > 0) await wait(pause)
    }
  } catch (error) {
    traffic.fail(error)
  }
}

async function served(traffic: Traffic, count: number): Promise<void> {
  const { done } = traffic
  await traffic.until(() => traffic.done >= done + count)
}
