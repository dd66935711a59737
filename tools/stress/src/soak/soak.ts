import { setTimeout as wait } from 'node:timers/promises'
import { frameworks } from '../applications.ts'
import { createChance } from '../random.ts'
import { auditGraves, auditPerson, visitDevices } from './audit.ts'
import { pooled, type SoakedStore, soakedStores } from './connection.ts'
import { afterWarmUp, driftOf, type Growth, median, type Sample, slopesOf } from './drift.ts'
import type { Flaw } from './flaw.ts'
import { takeStep } from './itinerary.ts'
import { createKeys } from './keys.ts'
import { createGraves, createPerson } from './ledger.ts'
import { inAnyOrder, mishapsOf, type Scenery } from './mishaps.ts'
import { startPlace } from './place.ts'
import { createServer, type Server } from './server.ts'
import { createTraffic, type Traffic } from './traffic.ts'
import type { Scene } from './visitor.ts'

export interface SoakOptions {
  readonly store: SoakedStore
  readonly seed: number
  readonly clients: number
  /** Requests that are done between two mishaps. */
  readonly stride: number
  /** Milliseconds between two steps of a client. */
  readonly pause?: number
  /** Milliseconds between two mishaps, at least. */
  readonly rest?: number
  /** Asked after each mishap. */
  readonly goesOn: (mishaps: number) => boolean
  readonly flaw?: Flaw
  readonly onMishap?: (name: string, sample: Sample, counts: Readonly<Record<string, number>>) => void
}

export interface SoakResult extends Growth {
  readonly counts: Readonly<Record<string, number>>
  /** Bytes, once they had warmed up: of the process that lived through it, and of the one without sessions. */
  readonly resident: { readonly soaked: number; readonly floor: number }
}

const personsOfClient = 3

/**
 * Lets clients visit three application processes that share a store, lets mishaps befall all of them, and compares what
 * is there with what was acknowledged, all the time and once more at the end.
 *
 * @throws Error that names the first thing that should not be, and what the visitor did before it.
 */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { store, seed, clients, flaw } = options
  const place = await startPlace[store]()
  let traffic: Traffic | undefined
  const onCrash = (error: Error): void => traffic?.fail(error)
  const turn = soakedStores.indexOf(store)
  const create = (index: number): Server => {
    const framework = frameworks[(turn + index) % frameworks.length] ?? 'express'
    const parameters = [store, place.address, framework, flaw ?? '']
    return createServer({ name: framework, script: 'soaked-process.ts', parameters, onCrash })
  }
  const lasting = create(0)
  const others = [create(1), create(2)] as const
  const floor = createServer({ name: 'the floor', script: 'floor-process.ts', parameters: [], onCrash })
  const servers = [lasting, ...others] as const
  try {
    const keys = createKeys(store)
    await Promise.all([floor, ...servers].map((server) => server.start(keys.secrets)))
    traffic = createTraffic(servers, { of: lasting, by: floor })
    return await run(options, { place, lasting, floor, others, traffic, keys }, people(clients, store, seed, traffic))
  } finally {
    traffic?.close()
    await Promise.all([floor, ...servers].map((server) => server.kill()))
    await place.stop()
  }
}

type Props = Pick<Scenery, 'place' | 'lasting' | 'others' | 'traffic' | 'keys'> & { readonly floor: Server }

/** For each client the people whose steps it takes. */
function people(clients: number, store: SoakedStore, seed: number, traffic: Traffic): readonly (readonly Scene[])[] {
  const graves = createGraves(createChance(seed))
  return Array.from({ length: clients }, (_, client) => {
    const chance = createChance(seed * 1_000 + client)
    return Array.from({ length: personsOfClient }, (_, number) => {
      const person = createPerson(`${store}-${client}-${number}`)
      return { traffic, graves, chance, person }
    })
  })
}

async function run(options: SoakOptions, props: Props, clients: readonly (readonly Scene[])[]): Promise<SoakResult> {
  const { traffic, lasting, floor, place } = props
  const { stride, rest = 0, goesOn, store } = options
  const scenes = clients.flat()
  const chance = createChance(options.seed)
  const visitEverybody = async (): Promise<void> => {
    for (const scene of scenes) await visitDevices(scene)
  }
  const end = { reached: false }
  const visitors = clients.map((persons) => live(persons, traffic, end, options.pause))
  const samples: Sample[] = []
  let mishaps = 0
  try {
    await served(traffic, stride)
    for (const mishap of inAnyOrder(mishapsOf(place), chance)) {
      await mishap.strike({ ...props, clients: clients.length, chance, visitEverybody })
      traffic.count(`mishaps: ${mishap.name}`)
      await served(traffic, stride)
      if (rest > 0) await wait(rest)
      const [vitals, { rss }] = await traffic.quietly(() => Promise.all([lasting.vitals(), floor.vitals()]))
      const sample = { ...vitals, floor: rss }
      samples.push(sample)
      options.onMishap?.(mishap.name, sample, traffic.counts)
      if (!goesOn(++mishaps)) break
    }
  } finally {
    end.reached = true
    await Promise.race([Promise.all(visitors), traffic.failed])
  }
  for (const scene of scenes) await auditPerson(scene, [props.lasting, ...props.others])
  for (const scene of scenes.slice(0, 1)) await auditGraves(scene)
  const { unhandled } = await lasting.vitals()
  const warm = afterWarmUp(samples)
  return {
    counts: traffic.counts,
    drift: driftOf(samples),
    slopes: slopesOf(samples),
    resident: { soaked: median(warm.map(({ rss }) => rss)), floor: median(warm.map((sample) => sample.floor)) },
    unhandled,
    pooled: pooled[store]
  }
}

/** A client: one step after the other, of one of its people. What it finds ends the soak. */
async function live(
  persons: readonly Scene[],
  traffic: Traffic,
  end: { readonly reached: boolean },
  pause = 0
): Promise<void> {
  const [first] = persons
  if (!first) return
  try {
    while (!end.reached) {
      await traffic.enter()
      try {
        await takeStep(persons[first.chance.below(persons.length)] ?? first)
      } finally {
        traffic.leave()
      }
      if (pause > 0) await wait(pause)
    }
  } catch (error) {
    traffic.fail(error)
  }
}

async function served(traffic: Traffic, some: number): Promise<void> {
  const { done } = traffic
  await traffic.until(() => traffic.done >= done + some)
}
