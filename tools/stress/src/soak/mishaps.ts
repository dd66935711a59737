import type { Chance } from '../random.ts'
import type { Keys } from './keys.ts'
import type { Place } from './place.ts'
import type { Server } from './server.ts'
import type { Traffic } from './traffic.ts'

/** What mishaps befall. */
export interface Scenery {
  readonly place: Place
  /** Lives from beginning to end, so that its memory can be watched. */
  readonly lasting: Server
  readonly others: readonly [Server, ...Server[]]
  readonly traffic: Traffic
  readonly clients: number
  readonly chance: Chance
  readonly keys: Keys
  /** Every session that lives is read once, so that its cookie is of the newest secret. */
  visitEverybody(): Promise<void>
}

export interface Mishap {
  readonly name: string
  strike(scenery: Scenery): Promise<void>
}

const killStore: Mishap = {
  name: 'store killed',
  async strike({ place, traffic }) {
    await place.kill?.()
    await refusals(traffic, 3)
    await place.restart?.()
  }
}

const freezeStore: Mishap = {
  name: 'store frozen',
  async strike({ place, traffic }) {
    place.freeze()
    try {
      await refusals(traffic, 2)
    } finally {
      place.thaw()
    }
  }
}

const killApplication: Mishap = {
  name: 'application killed',
  async strike({ others, chance, keys }) {
    const server = chance.pick(others)
    await server.kill()
    await server.start(keys.secrets)
  }
}

/** What it was about to write when it stopped, it writes when it goes on. */
const freezeApplication: Mishap = {
  name: 'application frozen',
  async strike({ others, chance, traffic, clients }) {
    const server = chance.pick(others)
    const { done } = traffic
    server.freeze()
    try {
      // At last every client waits for this one.
      await traffic.until(() => traffic.done > done + 40 || server.waiting >= clients)
    } finally {
      server.thaw()
    }
  }
}

const restartApplication: Mishap = {
  name: 'application restarted',
  async strike({ others, chance, keys }) {
    const server = chance.pick(others)
    await server.end()
    await server.start(keys.secrets)
  }
}

/** One step of the documented drill, in one process after the other. */
const rotateKeys: Mishap = {
  name: 'steps of key rotations',
  async strike({ lasting, others, traffic, keys, visitEverybody }) {
    if (keys.promoted) await traffic.quietly(visitEverybody)
    const complete = keys.advance()
    for (const server of [...others, lasting]) await server.deploy(keys.secrets)
    if (complete) traffic.count('key rotations')
  }
}

/** Every mishap that can befall this place; a whole rotation of keys among them. */
export function mishapsOf({ kill }: Place): readonly Mishap[] {
  const ofStore = kill ? [killStore, freezeStore] : [freezeStore]
  return [
    ...ofStore,
    killApplication,
    killApplication,
    freezeApplication,
    restartApplication,
    rotateKeys,
    rotateKeys,
    rotateKeys
  ]
}

/** The mishaps in an order that chance draws, each as often as listed before it is drawn again. */
export function* inAnyOrder(mishaps: readonly Mishap[], chance: Chance): Generator<Mishap, never> {
  for (;;) {
    const bag = [...mishaps]
    while (bag.length > 0) yield* bag.splice(chance.below(bag.length), 1)
  }
}

async function refusals(traffic: Traffic, some: number): Promise<void> {
  const { refused } = traffic
  await traffic.until(() => traffic.refused >= refused + some)
}
