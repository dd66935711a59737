import type { Random } from '../../src/random.ts'
import { addDevice, checkIdentity, createDevice, type Device, type User } from './device.ts'
import type { EndedTokens } from './ended-tokens.ts'
import type { Answer, Body } from './handler.ts'
import type { Traffic } from './traffic.ts'

/** What the steps of a client act on. */
export interface Context {
  readonly traffic: Traffic
  readonly endedTokens: EndedTokens
  readonly random: Random
  readonly user: User
}

const historyLength = 60

/** Sends a request and records it in the history. */
export async function ask(context: Context, path: string, cookie?: string): Promise<Answer | undefined> {
  const { traffic, random, user } = context
  const first = traffic.counts.requests ?? 0
  const answer = await traffic.ask(random, path, cookie)
  const { status = 'no answer', cookie: set, body } = answer ?? {}
  const shown = `${tail(cookie)} ${path} → ${status} ${body?.user ?? '-'} ${JSON.stringify(body?.result ?? null)}`
  user.history.push(`${first} to ${traffic.counts.requests}: ${shown}${set ? ` sets ${tail(set)}` : ''}`)
  user.history.splice(0, user.history.length - historyLength)
  return answer
}

/** The end of a token is enough to recognize it. */
function tail(cookie = '-'): string {
  return cookie.slice(-6)
}

/** A request of the administration. `undefined`: unknown whether it was carried out. */
export async function administer(context: Context, path: string): Promise<{ readonly result: unknown } | undefined> {
  const answer = await ask(context, `/admin/${path}`)
  return answer?.status === 200 ? { result: answer.body?.result } : undefined
}

/** A request of a device that is not logged out meanwhile. `undefined`: unknown whether it was carried out. */
export async function visit(context: Context, device: Device, path: string): Promise<Body | undefined> {
  const answer = await ask(context, path, device.cookie)
  if (answer?.cookie !== undefined && answer.cookie !== device.cookie) {
    device.spare.push(device.cookie)
    device.cookie = answer.cookie
  }
  if (answer?.status !== 200) return undefined
  if (answer.isCleared) throw violation(context, 'a cookie was removed without a logout')
  const problem = checkIdentity(device, answer.body)
  if (problem !== undefined) throw violation(context, `${problem}: ${device.id} at ${path}`)
  return answer.body
}

/** The session of a device has ended: none of its tokens may work again. */
export function endDevice({ endedTokens, traffic, user }: Context, device: Device, why: string): void {
  user.devices = user.devices.filter((one) => one !== device)
  endedTokens.add(why, device.cookie, ...device.spare)
  traffic.count(`sessions ended: ${why}`)
}

/** It is unknown whether the session has ended; `resolve` ends it. */
export function markUnknown({ user }: Context, device: Device): void {
  user.devices = user.devices.filter((one) => one !== device)
  user.unknown.push(device)
}

/** After an acknowledged login or regeneration only the new token works. */
export function replaceTokens(context: Context, device: Device, cookie: string | undefined, why: string): void {
  if (cookie === undefined) throw violation(context, `no new token was sent: ${why}`)
  context.endedTokens.add(why, ...[...device.spare, device.cookie].filter((one) => one !== cookie))
  device.spare = []
  device.cookie = cookie
}

export function recordLogin(context: Context, { cookie, body }: Answer): Device {
  const { traffic, user } = context
  if (cookie === undefined || body?.user !== user.name) throw violation(context, 'a login did not log the user in')
  const device = createDevice(user.name, body.id, cookie)
  traffic.count('logins')
  for (const evicted of addDevice(user, device)) endDevice(context, evicted, 'by the limit of logins')
  return device
}

/** The login got no answer: the user may have a session that is not known. */
export function recordUnknownLogin({ traffic, user }: Context): void {
  user.mayHaveMore = true
  traffic.count('logins in doubt')
}

/** Ends the sessions whose state is unknown, by the administration; they stay unknown until that is acknowledged. */
export async function resolve(context: Context): Promise<void> {
  const { user } = context
  if (user.mayHaveMore) {
    if (!(await administer(context, `revokeAll/${user.name}`))) return
    for (const device of [...user.devices, ...user.unknown]) endDevice(context, device, 'by revoking all')
    Object.assign(user, { devices: [], unknown: [], mayHaveMore: false })
    return
  }
  for (const device of user.unknown) {
    if (!(await administer(context, `revoke/${device.id}/${user.name}`))) return
    user.unknown = user.unknown.filter((one) => one !== device)
    endDevice(context, device, 'by revoking one')
  }
}

export function isResolved({ unknown, mayHaveMore }: User): boolean {
  return unknown.length === 0 && !mayHaveMore
}

/** An error that names what must never happen, with the last requests of the user. */
export function violation({ user }: Context, what: string): Error {
  return new Error(`${what} (${user.name})\n  ${user.history.join('\n  ')}`)
}
