import {
  administer,
  ask,
  type Context,
  endDevice,
  markUnknown,
  recordLogin,
  recordUnknownLogin,
  replaceTokens,
  violation,
  visit
} from './client.ts'
import { checkData, checkList, type Device, loggedOut, noteCount, noteField, revived } from './device.ts'
import type { Body } from './handler.ts'

let written = 0

/** A number that was not written before. */
export function nextValue(): number {
  return ++written
}

/** A step of a client: a few requests. */
export type Step = (context: Context, device: Device) => Promise<void>

export async function read(context: Context, device: Device): Promise<void> {
  const body = await visit(context, device, '/read')
  const problem = body && checkData(device, body.data)
  if (problem !== undefined) throw violation(context, `${problem} (${device.id})`)
}

export async function write(context: Context, device: Device, key = `f${context.random.below(4)}`): Promise<void> {
  const value = nextValue()
  noteField(device, key, value, false)
  const isAcknowledged = (await visit(context, device, `/write/${key}/${value}`)) !== undefined
  if (isAcknowledged) noteField(device, key, value, true)
  countChange(context, isAcknowledged)
}

export async function count(context: Context, device: Device, key = `c${context.random.below(3)}`): Promise<void> {
  noteIncrement(context, device, key, await visit(context, device, `/count/${key}`))
}

/** The administration changes the data while the device has no request under way. */
export async function countByAdministration(context: Context, device: Device): Promise<void> {
  noteIncrement(context, device, 'c3', await administer(context, `count/${device.id}/c3`))
}

function noteIncrement(context: Context, device: Device, key: string, body?: { readonly result: unknown }): void {
  noteCount(device, key, body !== undefined)
  countChange(context, body !== undefined)
  if (body?.result === false) throw violation(context, `${loggedOut}: update() found no session`)
}

function countChange({ traffic }: Context, isAcknowledged: boolean): void {
  traffic.count(isAcknowledged ? 'changes acknowledged' : 'changes in doubt')
}

/** In a new browser, or in one with an anonymous session: its data is kept, its token ends. */
export async function login(context: Context): Promise<void> {
  const { user, random, endedTokens } = context
  const value = nextValue()
  const anonymous = random.below(2) === 0 ? await ask(context, `/write/cart/${value}`) : undefined
  if (anonymous && anonymous.status !== 200) return
  const answer = await ask(context, `/login/${user.name}`, anonymous?.cookie)
  if (answer?.status !== 200) return recordUnknownLogin(context)
  const device = recordLogin(context, answer)
  if (anonymous?.cookie === undefined) return
  noteField(device, 'cart', value, true)
  endedTokens.add('from before the login', anonymous.cookie)
}

export async function loginAgain(context: Context, device: Device): Promise<void> {
  const { user, traffic } = context
  const answer = await ask(context, `/login/${user.name}`, device.cookie)
  if (answer?.status !== 200) return recordUnknownLogin(context)
  if (answer.body?.id !== device.id) throw violation(context, `${loggedOut}: ${device.id}`)
  replaceTokens(context, device, answer.cookie, 'from before the login')
  user.devices = [...user.devices.filter((one) => one !== device), device]
  traffic.count('logins')
}

export async function regenerate(context: Context, device: Device): Promise<void> {
  const before = device.cookie
  if (!(await visit(context, device, '/regenerate'))) return markUnknown(context, device)
  replaceTokens(context, device, device.cookie === before ? undefined : device.cookie, 'from before regenerate')
}

/** Needs no answer: the old token works until the new one was used. */
export async function rotate(context: Context, device: Device): Promise<void> {
  await visit(context, device, '/rotate')
}

export async function logout(context: Context, device: Device): Promise<void> {
  const answer = await ask(context, '/logout', device.cookie)
  if (answer?.status !== 200) return markUnknown(context, device)
  if (!answer.isCleared) throw violation(context, 'a logout left the cookie')
  endDevice(context, device, 'by logout')
}

export async function revoke(context: Context, device: Device): Promise<void> {
  const answer = await administer(context, `revoke/${device.id}/${device.user}`)
  if (!answer) return markUnknown(context, device)
  if (answer.result !== true) throw violation(context, `${loggedOut}: revoke() found no session`)
  endDevice(context, device, 'by revoking one')
}

export async function revokeAll(context: Context): Promise<void> {
  await revokeExcept(context, undefined)
}

export async function revokeOthers(context: Context, device: Device): Promise<void> {
  await revokeExcept(context, device)
}

async function revokeExcept(context: Context, except: Device | undefined): Promise<void> {
  const { user } = context
  const ending = user.devices.filter((device) => device !== except)
  const answer = await administer(context, `revokeAll/${user.name}${except ? `/${except.id}` : ''}`)
  for (const device of ending) {
    if (answer) endDevice(context, device, 'by revoking all')
    else markUnknown(context, device)
  }
  if (!answer || answer.result === ending.length) return
  const problem = Number(answer.result) < ending.length ? loggedOut : revived
  throw violation(context, `${problem}: revokeAll() ended ${answer.result}, not ${ending.length}`)
}

export async function list(context: Context): Promise<void> {
  const answer = await administer(context, `list/${context.user.name}`)
  if (!answer) return
  const problem = checkList(context.user, Array.isArray(answer.result) ? answer.result : [])
  if (problem !== undefined) throw violation(context, problem)
  context.traffic.count('lists compared')
}

/** An anonymous session with a short lifetime: the sweeper deletes it. */
export async function visitAsGuest(context: Context): Promise<void> {
  const lifetime = 500 + context.random.below(1_500)
  const answer = await ask(context, `/guest/${lifetime}`)
  if (answer?.cookie) context.endedTokens.addFrom(Date.now() + lifetime + 50, 'expired', answer.cookie)
  context.traffic.count('guests')
}

export async function sweep(context: Context): Promise<void> {
  await administer(context, 'sweep')
}

export async function tryEndedToken(context: Context): Promise<void> {
  const ended = context.endedTokens.pick(Date.now())
  if (!ended) return
  const answer = await ask(context, '/read', ended.cookie)
  if (answer?.status === 200) checkEnded(context, ended.why, answer.body)
}

export function checkEnded(context: Context, why: string, body: Body | undefined): void {
  context.traffic.count('ended tokens tried')
  if (body?.user !== null || Object.keys(body.data).length > 0) {
    throw violation(context, `${revived}: a token that was ended ${why} opens ${body?.id}`)
  }
}
