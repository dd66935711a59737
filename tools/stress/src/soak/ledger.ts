import type { Chance } from '../random.ts'
import { type Body, deviceLimit } from './answers.ts'

/** A browser that somebody is logged in with, and what its session must hold. */
export interface Device {
  readonly user: string
  readonly id: string
  cookie: string
  /** Earlier spellings of the token, of which some still work: all end when the secret is swapped for good. */
  spare: string[]
  /** What may be stored under a key: the last value acknowledged, and those since of which nobody knows. */
  readonly fields: Map<string, Set<unknown>>
  readonly counters: Map<string, Counter>
  /** When it was last answered, in requests done. */
  visited: number
}

/** Increments that were acknowledged, those of which nobody knows, and the highest value that was read. */
interface Counter {
  acknowledged: number
  doubtful: number
  seen: number
}

/** One user: the devices that are logged in, the oldest login first, and those of which nobody knows. */
export interface Person {
  readonly name: string
  devices: Device[]
  unsettled: Device[]
  /** A login may have come about without anybody knowing its session. */
  strangers: boolean
  /** The last requests, for whoever has to find out what went wrong. */
  readonly history: string[]
}

export function createPerson(name: string): Person {
  return { name, devices: [], unsettled: [], strangers: false, history: [] }
}

export function createDevice(user: string, id: string, cookie: string, visited: number): Device {
  return { user, id, cookie, spare: [], fields: new Map(), counters: new Map(), visited }
}

export function noteField(device: Device, key: string, value: unknown, acknowledged: boolean): void {
  const before = acknowledged ? [] : (device.fields.get(key) ?? [undefined])
  device.fields.set(key, new Set([...before, value]))
}

export function noteCount(device: Device, key: string, acknowledged: boolean): void {
  const counter = device.counters.get(key) ?? { acknowledged: 0, doubtful: 0, seen: 0 }
  if (acknowledged) counter.acknowledged++
  else counter.doubtful++
  device.counters.set(key, counter)
}

/** The name of what an outage, a restart or a rotation of keys must never bring about. */
export const unexplained = 'somebody was logged out without a reason'

/** The name of what must not come of late writers, lost answers and a revocation that was acknowledged. */
export const revived = 'a session lives that was ended'

/** What is wrong with an answer to a device that nobody logged out; `undefined`: nothing. */
export function findFault(device: Device, body: Body | undefined): string | undefined {
  if (body?.user === null) return unexplained
  if (body?.user !== device.user || body.id !== device.id) return 'the session of somebody else was answered'
  return undefined
}

/** What is wrong with the data of a device that nothing is under way for. */
export function findLoss(device: Device, data: Readonly<Record<string, unknown>>): string | undefined {
  for (const [key, allowed] of device.fields) {
    if (!allowed.has(data[key])) return `an acknowledged change is missing: ${key} is ${data[key]}, not ${[...allowed]}`
  }
  for (const [key, counter] of device.counters) {
    const value = Number(data[key] ?? 0)
    const { acknowledged, doubtful, seen } = counter
    if (value < Math.max(acknowledged, seen))
      return `an acknowledged increment is missing: ${key} is ${value}, not ${acknowledged}`
    if (value > acknowledged + doubtful) return `an increment counts twice: ${key} is ${value}, not ${acknowledged}`
    counter.seen = value
  }
  const unknown = Object.keys(data).find((key) => !device.fields.has(key) && !device.counters.has(key))
  return unknown === undefined ? undefined : `data that nobody wrote: ${unknown}`
}

/** What is wrong with the list of a user of whom all is known. */
export function findUnlisted({ devices }: Person, listed: readonly unknown[]): string | undefined {
  const missing = devices.find(({ id }) => !listed.includes(id))
  if (missing) return `${unexplained}, or is missing from the list: ${missing.id}`
  const ended = listed.find((id) => !devices.some((device) => device.id === id))
  return ended === undefined ? undefined : `${revived}: ${ended} is listed`
}

/** A new login, after which the oldest beyond the limit are over. */
export function admit(person: Person, device: Device): Device[] {
  person.devices.push(device)
  return person.devices.splice(0, Math.max(0, person.devices.length - deviceLimit))
}

/** Tokens that open nothing any more, and why; those of guests from some time on. */
export interface Graves {
  readonly size: number
  bury(why: string, ...cookies: readonly string[]): void
  buryLater(why: string, cookie: string, time: number): void
  /** Any of those whose time has come, recent ones more often. */
  pick(now: number): Grave | undefined
  all(now: number): readonly Grave[]
}

export interface Grave {
  readonly cookie: string
  readonly why: string
}

const room = 20_000

/** Keeps so many; beyond that a new one takes the place of any other. */
export function createGraves(chance: Chance): Graves {
  const graves: Grave[] = []
  const mortal: (Grave & { readonly time: number })[] = []

  function add(grave: Grave): void {
    if (graves.length < room) graves.push(grave)
    else graves[chance.below(room)] = grave
  }

  function ripen(now: number): void {
    const due = mortal.findIndex(({ time }) => time > now)
    for (const grave of mortal.splice(0, due === -1 ? mortal.length : due)) add(grave)
  }

  return {
    get size() {
      return graves.length
    },
    bury(why, ...cookies) {
      for (const cookie of cookies) add({ why, cookie })
    },
    buryLater: (why, cookie, time) => void mortal.push({ why, cookie, time }),
    pick(now) {
      ripen(now)
      if (graves.length === 0) return undefined
      const recent = Math.max(0, graves.length - 50)
      return graves[chance.below(2) === 0 ? chance.below(graves.length) : recent + chance.below(graves.length - recent)]
    },
    all(now) {
      ripen(now)
      return graves
    }
  }
}
