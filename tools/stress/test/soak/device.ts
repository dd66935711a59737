import { type Body, deviceLimit } from './handler.ts'

/** A browser in which a user is logged in, and what its session must hold. */
export interface Device {
  readonly user: string
  readonly id: string
  cookie: string
  /** Earlier tokens, some of which still work: all end when the session gets a new secret. */
  spare: string[]
  /** The values that a key may have: the last one acknowledged, and later ones without an answer. */
  readonly fields: Map<string, Set<unknown>>
  readonly counters: Map<string, Counter>
}

interface Counter {
  acknowledged: number
  /** Increments without an answer. */
  unknown: number
  /** The highest value that was read. */
  seen: number
}

/** A user: the devices that are logged in, the oldest login first, and those whose state is unknown. */
export interface User {
  readonly name: string
  devices: Device[]
  unknown: Device[]
  /** A login got no answer: there may be a session that is not listed here. */
  mayHaveMore: boolean
  /** The last requests, for the message of a violation. */
  readonly history: string[]
}

export function createUser(name: string): User {
  return { name, devices: [], unknown: [], mayHaveMore: false, history: [] }
}

export function createDevice(user: string, id: string, cookie: string): Device {
  return { user, id, cookie, spare: [], fields: new Map(), counters: new Map() }
}

export function noteField(device: Device, key: string, value: unknown, isAcknowledged: boolean): void {
  const before = isAcknowledged ? [] : (device.fields.get(key) ?? [undefined])
  device.fields.set(key, new Set([...before, value]))
}

export function noteCount(device: Device, key: string, isAcknowledged: boolean): void {
  const counter = device.counters.get(key) ?? { acknowledged: 0, unknown: 0, seen: 0 }
  if (isAcknowledged) counter.acknowledged++
  else counter.unknown++
  device.counters.set(key, counter)
}

/** What an outage, a restart or a rotation of keys must never cause. */
export const loggedOut = 'a user was logged out without a reason'

/** What late writers, lost answers and an acknowledged revocation must never cause. */
export const revived = 'a session is live that was ended'

/** What is wrong with the identity in an answer to a device that was not logged out; `undefined`: nothing. */
export function checkIdentity(device: Device, body: Body | undefined): string | undefined {
  if (body?.user === null) return loggedOut
  if (body?.user !== device.user || body.id !== device.id) return 'the session of another user was answered'
  return undefined
}

/** What is wrong with the data of a device that has no request under way. */
export function checkData(device: Device, data: Readonly<Record<string, unknown>>): string | undefined {
  for (const [key, allowed] of device.fields) {
    if (!allowed.has(data[key])) return `an acknowledged change is missing: ${key} is ${data[key]}, not ${[...allowed]}`
  }
  for (const [key, counter] of device.counters) {
    const value = Number(data[key] ?? 0)
    const { acknowledged, unknown, seen } = counter
    if (value < Math.max(acknowledged, seen))
      return `an acknowledged increment is missing: ${key} is ${value}, not ${acknowledged}`
    if (value > acknowledged + unknown) return `an increment counts twice: ${key} is ${value}, not ${acknowledged}`
    counter.seen = value
  }
  const unwritten = Object.keys(data).find((key) => !device.fields.has(key) && !device.counters.has(key))
  return unwritten === undefined ? undefined : `data that was never written: ${unwritten}`
}

/** What is wrong with the list of the sessions of a user whose devices are all known. */
export function checkList({ devices }: User, listed: readonly unknown[]): string | undefined {
  const missing = devices.find(({ id }) => !listed.includes(id))
  if (missing) return `${loggedOut}, or is missing from the list: ${missing.id}`
  const ended = listed.find((id) => !devices.some((device) => device.id === id))
  return ended === undefined ? undefined : `${revived}: ${ended} is listed`
}

/** Adds a login. Returns the oldest devices, which it has ended because they are beyond the limit. */
export function addDevice(user: User, device: Device): Device[] {
  user.devices.push(device)
  return user.devices.splice(0, Math.max(0, user.devices.length - deviceLimit))
}
