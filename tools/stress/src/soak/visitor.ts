import type { Chance } from '../random.ts'
import type { Body } from './answers.ts'
import type { Answer } from './browser.ts'
import { admit, createDevice, type Device, findFault, type Graves, type Person } from './ledger.ts'
import type { Traffic } from './traffic.ts'

/** What the steps of a visitor act on. */
export interface Scene {
  readonly traffic: Traffic
  readonly graves: Graves
  readonly chance: Chance
  readonly person: Person
}

const remembered = 60

/** A request, noted in the history. */
export async function ask(scene: Scene, path: string, cookie?: string): Promise<Answer | undefined> {
  const { traffic, chance, person } = scene
  const number = traffic.counts.requests ?? 0
  const answer = await traffic.ask(chance, path, cookie)
  const { status = 'no answer', cookie: set, body } = answer ?? {}
  const shown = `${tail(cookie)} ${path} → ${status} ${body?.user ?? '-'} ${JSON.stringify(body?.done ?? null)}`
  person.history.push(`${number} to ${traffic.counts.requests}: ${shown}${set ? ` sets ${tail(set)}` : ''}`)
  person.history.splice(0, person.history.length - remembered)
  return answer
}

/** Tokens are told apart by their end. */
function tail(cookie = '-'): string {
  return cookie.slice(-6)
}

/** A request of the administration. `undefined`: nobody knows whether it was done. */
export async function order(scene: Scene, path: string): Promise<{ readonly done: unknown } | undefined> {
  const answer = await ask(scene, `/as/${path}`)
  return answer?.status === 200 ? { done: answer.body?.done } : undefined
}

/** A request of a device that nobody logs out meanwhile. `undefined`: nobody knows whether it was done. */
export async function visit(scene: Scene, device: Device, path: string): Promise<Body | undefined> {
  const answer = await ask(scene, path, device.cookie)
  if (answer) follow(device, answer)
  if (answer?.status !== 200) return undefined
  if (answer.cleared) throw violation(scene, 'a cookie was taken away without a logout')
  const fault = findFault(device, answer.body)
  if (fault !== undefined) throw violation(scene, `${fault}: ${device.id} at ${path}`)
  device.visited = scene.traffic.done
  return answer.body
}

/** As browsers do, whatever the status. */
export function follow(device: Device, { cookie }: Answer): void {
  if (cookie === undefined || cookie === device.cookie) return
  device.spare.push(device.cookie)
  device.cookie = cookie
}

/** The device's session is over: none of its tokens opens anything again. */
export function end({ graves, traffic, person }: Scene, device: Device, why: string): void {
  person.devices = person.devices.filter((one) => one !== device)
  graves.bury(why, device.cookie, ...device.spare)
  traffic.count(`sessions ended: ${why}`)
}

/** Nobody knows what became of it; somebody will have to settle that. */
export function doubt({ person }: Scene, device: Device): void {
  person.devices = person.devices.filter((one) => one !== device)
  person.unsettled.push(device)
}

/** What a login or regenerate that was acknowledged makes of the tokens: only the new one is left. */
export function swapped(scene: Scene, device: Device, cookie: string | undefined, why: string): void {
  if (cookie === undefined) throw violation(scene, `no new token was sent: ${why}`)
  scene.graves.bury(why, ...[...device.spare, device.cookie].filter((one) => one !== cookie))
  device.spare = []
  device.cookie = cookie
}

/** A login was acknowledged. */
export function welcome(scene: Scene, answer: Answer): Device {
  const { traffic, person } = scene
  const { cookie, body } = answer
  if (cookie === undefined || body?.user !== person.name) throw violation(scene, 'a login logged nobody in')
  const device = createDevice(person.name, body.id, cookie, traffic.done)
  traffic.count('logins')
  for (const evicted of admit(person, device)) end(scene, evicted, 'by the limit of logins')
  return device
}

/** Ends whatever nobody knows of, by the administration; stays in doubt until that is acknowledged. */
export async function settle(scene: Scene): Promise<void> {
  const { person } = scene
  if (person.strangers) {
    if (!(await order(scene, `revokeAll/${person.name}`))) return
    for (const device of [...person.devices, ...person.unsettled]) end(scene, device, 'by revoking all')
    Object.assign(person, { devices: [], unsettled: [], strangers: false })
    return
  }
  for (const device of person.unsettled) {
    if (!(await order(scene, `revoke/${device.id}/${person.name}`))) return
    person.unsettled = person.unsettled.filter((one) => one !== device)
    end(scene, device, 'by revoking one')
  }
}

export function isSettled({ unsettled, strangers }: Person): boolean {
  return unsettled.length === 0 && !strangers
}

/** Something that must never be, and what the visitor did before it. */
export function violation({ person }: Scene, what: string): Error {
  return new Error(`${what} (${person.name})\n  ${person.history.join('\n  ')}`)
}
