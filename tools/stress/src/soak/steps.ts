import { type Device, findLoss, findUnlisted, noteCount, noteField, revived, unexplained } from './ledger.ts'
import { ask, doubt, end, order, type Scene, swapped, violation, visit, welcome } from './visitor.ts'

let written = 0

/** A step of a visitor: one request, or two. */
export type Step = (scene: Scene, device: Device) => Promise<void>

export async function read(scene: Scene, device: Device): Promise<void> {
  const body = await visit(scene, device, '/read')
  const loss = body && findLoss(device, body.data)
  if (loss !== undefined) throw violation(scene, `${loss} (${device.id})`)
}

export async function write(scene: Scene, device: Device, key: string = `f${scene.chance.below(4)}`): Promise<void> {
  const value = ++written
  noteField(device, key, value, false)
  if (!(await visit(scene, device, `/write/${key}/${value}`))) return scene.traffic.count('changes in doubt')
  noteField(device, key, value, true)
  scene.traffic.count('changes acknowledged')
}

export async function count(scene: Scene, device: Device, key: string = `c${scene.chance.below(3)}`): Promise<void> {
  const body = await visit(scene, device, `/count/${key}`)
  noteCount(device, key, body !== undefined)
  scene.traffic.count(body ? 'changes acknowledged' : 'changes in doubt')
  if (body?.done === false) throw violation(scene, `${unexplained}: update() found no session`)
}

/** The administration changes the data while the client is away. */
export async function countFromOutside(scene: Scene, device: Device): Promise<void> {
  const answer = await order(scene, `count/${device.id}/c3`)
  noteCount(device, 'c3', answer !== undefined)
  scene.traffic.count(answer ? 'changes acknowledged' : 'changes in doubt')
  if (answer?.done === false) throw violation(scene, `${unexplained}: a change from outside found no session`)
}

/** In a new browser, or in one that has been used anonymously: what was stored there stays, its token does not. */
export async function login(scene: Scene): Promise<void> {
  const { person, chance, graves, traffic } = scene
  const value = ++written
  const anonymous = chance.below(2) === 0 ? await ask(scene, `/write/cart/${value}`) : undefined
  if (anonymous && anonymous.status !== 200) return
  const answer = await ask(scene, `/login/${person.name}`, anonymous?.cookie)
  if (answer?.status !== 200) {
    person.strangers = true
    return traffic.count('logins in doubt')
  }
  const device = welcome(scene, answer)
  if (anonymous?.cookie === undefined) return
  noteField(device, 'cart', value, true)
  graves.bury('from before the login', anonymous.cookie)
}

export async function loginAgain(scene: Scene, device: Device): Promise<void> {
  const { person, traffic } = scene
  const answer = await ask(scene, `/login/${person.name}`, device.cookie)
  if (answer?.status !== 200) {
    person.strangers = true
    return traffic.count('logins in doubt')
  }
  if (answer.body?.id !== device.id) throw violation(scene, `${unexplained}: ${device.id}`)
  swapped(scene, device, answer.cookie, 'from before the login')
  person.devices = [...person.devices.filter((one) => one !== device), device]
  traffic.count('logins')
}

export async function regenerate(scene: Scene, device: Device): Promise<void> {
  const before = device.cookie
  const body = await visit(scene, device, '/regenerate')
  if (!body) return doubt(scene, device)
  swapped(scene, device, device.cookie === before ? undefined : device.cookie, 'from before regenerate')
}

/** Whether or not the answer comes: the old token works until the new one was seen. */
export async function rotate(scene: Scene, device: Device): Promise<void> {
  await visit(scene, device, '/rotate')
}

export async function logout(scene: Scene, device: Device): Promise<void> {
  const answer = await ask(scene, '/logout', device.cookie)
  if (answer?.status !== 200) return doubt(scene, device)
  if (!answer.cleared) throw violation(scene, 'a logout left the cookie')
  end(scene, device, 'by logout')
}

export async function revoke(scene: Scene, device: Device): Promise<void> {
  const answer = await order(scene, `revoke/${device.id}/${device.user}`)
  if (!answer) return doubt(scene, device)
  if (answer.done !== true) throw violation(scene, `${unexplained}: revoke() found no session`)
  end(scene, device, 'by revoking one')
}

export async function revokeAll(scene: Scene): Promise<void> {
  await revokeBut(scene, undefined)
}

export async function revokeOthers(scene: Scene, device: Device): Promise<void> {
  await revokeBut(scene, device)
}

async function revokeBut(scene: Scene, except: Device | undefined): Promise<void> {
  const { person } = scene
  const ending = person.devices.filter((device) => device !== except)
  const answer = await order(scene, `revokeAll/${person.name}${except ? `/${except.id}` : ''}`)
  if (!answer) for (const device of ending) doubt(scene, device)
  else for (const device of ending) end(scene, device, 'by revoking all')
  if (!answer || answer.done === ending.length) return
  const fault = Number(answer.done) < ending.length ? unexplained : revived
  throw violation(scene, `${fault}: revokeAll() ended ${answer.done}, not ${ending.length}`)
}

export async function list(scene: Scene): Promise<void> {
  const answer = await order(scene, `list/${scene.person.name}`)
  if (!answer) return
  const fault = findUnlisted(scene.person, Array.isArray(answer.done) ? answer.done : [])
  if (fault !== undefined) throw violation(scene, fault)
  scene.traffic.count('lists compared')
}

/** A session of somebody who stays for a moment: what becomes of it is the sweeper's. */
export async function comeAsGuest(scene: Scene): Promise<void> {
  const lifetime = 500 + scene.chance.below(1_500)
  const answer = await ask(scene, `/guest/${lifetime}`)
  if (answer?.cookie) scene.graves.buryLater('expired', answer.cookie, Date.now() + lifetime + 50)
  scene.traffic.count('guests')
}

export async function sweep(scene: Scene): Promise<void> {
  await order(scene, 'sweep')
}

/** Somebody kept a token that must not work any more. */
export async function haunt(scene: Scene): Promise<void> {
  const grave = scene.graves.pick(Date.now())
  if (!grave) return
  const answer = await ask(scene, '/read', grave.cookie)
  if (answer?.status === 200) judgeGhost(scene, grave.why, answer.body)
}

export function judgeGhost(
  scene: Scene,
  why: string,
  body: { readonly user: string | null; readonly data: object; readonly id: string } | undefined
): void {
  scene.traffic.count('dead tokens tried')
  if (body?.user !== null || Object.keys(body.data).length > 0) {
    throw violation(scene, `${revived}: a token that was ended ${why} opens ${body?.id}`)
  }
}
