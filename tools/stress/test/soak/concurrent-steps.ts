import {
  administer,
  ask,
  type Context,
  endDevice,
  markUnknown,
  recordLogin,
  recordUnknownLogin,
  replaceTokens,
  violation
} from './client.ts'
import { type Device, loggedOut, noteCount, noteField } from './device.ts'
import { count, loginAgain, nextValue, rotate, write } from './steps.ts'

/** Requests of three tabs at once: every change must be there. */
export async function changeInTabs(context: Context, device: Device): Promise<void> {
  await Promise.all([
    write(context, device, 'f0'),
    write(context, device, 'f1'),
    count(context, device, 'c0'),
    count(context, device, 'c0')
  ])
}

/** Two tabs rotate while a third one writes: every token that was sent must work. */
export async function rotateInTabs(context: Context, device: Device): Promise<void> {
  await Promise.all([rotate(context, device), rotate(context, device), write(context, device, 'f2')])
}

/** Writers beside a logout must not bring the session back. */
export async function logoutAmongWriters(context: Context, device: Device): Promise<void> {
  const { cookie } = device
  const writers = writeLate(context, device)
  const answer = await ask(context, '/logout', cookie)
  await writers
  if (answer?.status === 200) endDevice(context, device, 'by logout')
  else markUnknown(context, device)
}

/** Writers beside a revocation must not bring the session back. */
export async function revokeAmongWriters(context: Context, device: Device): Promise<void> {
  const writers = writeLate(context, device)
  const answer = await administer(context, `revoke/${device.id}/${device.user}`)
  await writers
  if (answer) endDevice(context, device, 'by revoking one')
  else markUnknown(context, device)
}

async function writeLate(context: Context, { cookie }: Device): Promise<void> {
  await Promise.all([ask(context, '/write/late/1', cookie), ask(context, '/count/late', cookie)])
}

/** Writers with the old token must not see the new session, and what was acknowledged to them must be there. */
export async function regenerateAmongWriters(context: Context, device: Device): Promise<void> {
  const { cookie, user } = device
  const value = nextValue()
  noteField(device, 'f3', value, false)
  const [answer, wrote, counted] = await Promise.all([
    ask(context, '/regenerate', cookie),
    ask(context, `/write/f3/${value}`, cookie),
    ask(context, '/count/c1', cookie)
  ])
  if (wrote?.status === 200 && wrote.body?.user === user) noteField(device, 'f3', value, true)
  if (counted?.status !== 200) noteCount(device, 'c1', false)
  else if (counted.body?.user === user && counted.body.result === true) noteCount(device, 'c1', true)
  if (answer?.status !== 200) return markUnknown(context, device)
  if (answer.body?.user !== user) throw violation(context, `${loggedOut}: ${device.id}`)
  replaceTokens(context, device, answer.cookie, 'from before regenerate')
}

/** It is unknown which of the two comes first: afterwards all sessions are ended. */
export async function loginAmongRevocations(context: Context): Promise<void> {
  const { user } = context
  user.mayHaveMore = true
  const [answer] = await Promise.all([
    ask(context, `/login/${user.name}`),
    administer(context, `revokeAll/${user.name}`)
  ])
  if (answer?.status === 200) recordLogin(context, answer)
}

/** Two devices at once, both within the limit. Which one is older is unknown until one logs in once more. */
export async function loginTwice(context: Context): Promise<void> {
  const { user } = context
  const answers = await Promise.all([ask(context, `/login/${user.name}`), ask(context, `/login/${user.name}`)])
  const devices = answers.flatMap((answer) => (answer?.status === 200 ? [recordLogin(context, answer)] : []))
  const [, second] = devices
  return second ? loginAgain(context, second) : recordUnknownLogin(context)
}
