import type { Random } from '../../src/random.ts'
import type { StoreServer } from '../../src/stores/store-servers.ts'
import type { Keys } from './keys.ts'
import type { Server } from './server-process.ts'
import type { Traffic } from './traffic.ts'

/** What faults act on. */
export interface FaultContext {
  readonly storeServer: StoreServer
  /** Runs from start to end, so that its memory can be measured. */
  readonly lasting: Server
  readonly others: readonly [Server, ...Server[]]
  readonly traffic: Traffic
  readonly clients: number
  readonly random: Random
  readonly keys: Keys
  /** Reads every live session once, so that its cookie is of the newest secret. */
  visitAll(): Promise<void>
}

type Fault = (context: FaultContext) => Promise<void>

/** Each of these once or more, so that a round includes a whole rotation of keys. */
const round = [
  'store killed',
  'store frozen',
  'application killed',
  'application killed',
  'application frozen',
  'application restarted',
  'steps of key rotations',
  'steps of key rotations',
  'steps of key rotations'
] as const

export type FaultName = (typeof round)[number]

const faults: Readonly<Record<FaultName, Fault>> = {
  async 'store killed'({ storeServer: { engine }, traffic }) {
    await engine?.kill()
    await refusals(traffic, 3)
    await engine?.restart()
  },
  async 'store frozen'({ storeServer, traffic }) {
    storeServer.freeze?.()
    try {
      await refusals(traffic, 2)
    } finally {
      storeServer.thaw?.()
    }
  },
  async 'application killed'({ others, random, keys }) {
    const server = random.pick(others)
    await server.kill()
    await server.start(keys.secrets)
  },
  /** The writes that it was about to make, it makes after the thaw. */
  async 'application frozen'({ others, random, traffic, clients }) {
    const server = random.pick(others)
    const { done } = traffic
    server.freeze()
    try {
      // In the end every client waits for this one.
      await traffic.until(() => traffic.done > done + 40 || server.waiting >= clients)
    } finally {
      server.thaw()
    }
  },
  async 'application restarted'({ others, random, keys }) {
    const server = random.pick(others)
    await server.end()
    await server.start(keys.secrets)
  },
  /** One step of the documented drill, in one process after the other. */
  async 'steps of key rotations'({ lasting, others, traffic, keys, visitAll }) {
    if (keys.isPromoted) await traffic.whileIdle(visitAll)
    const isComplete = keys.advance()
    for (const server of [...others, lasting]) await server.deploy(keys.secrets)
    if (isComplete) traffic.count('key rotations')
  }
}

export function inject(name: FaultName, context: FaultContext): Promise<void> {
  return faults[name](context)
}

/** The faults that this store can have, in a random order, round by round. */
export function* drawFaults({ engine }: StoreServer, random: Random): Generator<FaultName, never> {
  for (;;) {
    const left = round.filter((name) => name !== 'store killed' || engine !== undefined)
    while (left.length > 0) yield* left.splice(random.below(left.length), 1)
  }
}

async function refusals(traffic: Traffic, count: number): Promise<void> {
  const { refused } = traffic
  await traffic.until(() => traffic.refused >= refused + count)
}
