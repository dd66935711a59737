import { type Device, noteCount, noteField, unexplained } from './ledger.ts'
import { count, loginAgain, rotate, write } from './steps.ts'
import { ask, doubt, end, order, type Scene, swapped, violation, welcome } from './visitor.ts'

let written = 1_000_000_000

/** Three tabs at once: every change must be there. */
export async function inTabs(scene: Scene, device: Device): Promise<void> {
  await Promise.all([
    write(scene, device, 'f0'),
    write(scene, device, 'f1'),
    count(scene, device, 'c0'),
    count(scene, device, 'c0')
  ])
}

/** Two tabs rotate while a third one writes: no token that was sent may be lost. */
export async function rotateInTabs(scene: Scene, device: Device): Promise<void> {
  await Promise.all([rotate(scene, device), rotate(scene, device), write(scene, device, 'f2')])
}

/** Late writers beside a logout: nothing they do may bring the session back. */
export async function logoutAmongWriters(scene: Scene, device: Device): Promise<void> {
  const { cookie } = device
  const writers = [ask(scene, '/write/late/1', cookie), ask(scene, '/count/late', cookie)]
  const answer = await ask(scene, '/logout', cookie)
  await Promise.all(writers)
  if (answer?.status === 200) end(scene, device, 'by logout')
  else doubt(scene, device)
}

/** As above, by the administration. */
export async function revokeAmongWriters(scene: Scene, device: Device): Promise<void> {
  const writers = [ask(scene, '/write/late/1', device.cookie), ask(scene, '/count/late', device.cookie)]
  const answer = await order(scene, `revoke/${device.id}/${device.user}`)
  await Promise.all(writers)
  if (answer) end(scene, device, 'by revoking one')
  else doubt(scene, device)
}

/** Writers who came with the old token: they see nothing of the new session, and what they were acknowledged stays. */
export async function regenerateAmongWriters(scene: Scene, device: Device): Promise<void> {
  const { cookie, user } = device
  const value = ++written
  noteField(device, 'f3', value, false)
  const [answer, wrote, counted] = await Promise.all([
    ask(scene, '/regenerate', cookie),
    ask(scene, `/write/f3/${value}`, cookie),
    ask(scene, '/count/c1', cookie)
  ])
  if (wrote?.status === 200 && wrote.body?.user === user) noteField(device, 'f3', value, true)
  if (counted?.status !== 200) noteCount(device, 'c1', false)
  else if (counted.body?.user === user && counted.body.done === true) noteCount(device, 'c1', true)
  if (answer?.status !== 200) return doubt(scene, device)
  if (answer.body?.user !== user) throw violation(scene, `${unexplained}: ${device.id}`)
  swapped(scene, device, answer.cookie, 'from before regenerate')
}

/** Which of the two came first nobody knows: afterwards all of it is ended. */
export async function loginAmongRevocations(scene: Scene): Promise<void> {
  const { person } = scene
  person.strangers = true
  const [answer] = await Promise.all([ask(scene, `/login/${person.name}`), order(scene, `revokeAll/${person.name}`)])
  if (answer?.status === 200) welcome(scene, answer)
}

/** Two devices at once, both within the limit. Which of them was first nobody knows, until one logs in once more. */
export async function loginTwice(scene: Scene): Promise<void> {
  const { person, traffic } = scene
  const answers = await Promise.all([ask(scene, `/login/${person.name}`), ask(scene, `/login/${person.name}`)])
  const devices = answers.flatMap((answer) => (answer?.status === 200 ? [welcome(scene, answer)] : []))
  const [, second] = devices
  if (second) return loginAgain(scene, second)
  person.strangers = true
  traffic.count('logins in doubt')
}
