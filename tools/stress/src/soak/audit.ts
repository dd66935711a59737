import type { Answer } from './browser.ts'
import { findFault, findLoss } from './ledger.ts'
import type { Server } from './server.ts'
import { judgeGhost, list, revokeAll } from './steps.ts'
import { isSettled, type Scene, settle, violation, visit } from './visitor.ts'

/** Until all is known and each of the devices has been answered. */
export async function visitDevices(scene: Scene): Promise<void> {
  while (!isSettled(scene.person)) await settle(scene)
  for (const device of scene.person.devices) while (!(await visit(scene, device, '/read')));
}

/** All that is known of a person is what every process answers; then everything is revoked, and nothing is left. */
export async function auditPerson(scene: Scene, servers: readonly Server[]): Promise<void> {
  const { person, traffic } = scene
  await visitDevices(scene)
  for (const device of person.devices) {
    for (const server of servers) {
      const { body, cookie } = await insist(() => traffic.askAt(server, '/read', device.cookie))
      const fault = findFault(device, body) ?? findLoss(device, body?.data ?? {})
      if (fault !== undefined) throw violation(scene, `${fault} (${device.id}, at ${server.name})`)
      if (cookie !== undefined) device.cookie = cookie
      traffic.count('sessions compared at the end')
    }
  }
  await list(scene)
  await revokeAll(scene)
  while (!isSettled(person)) await settle(scene)
  await list(scene)
}

const atOnce = 8

/** None of the tokens that have ended opens anything. */
export async function auditGraves(scene: Scene): Promise<void> {
  const { graves, traffic, chance } = scene
  const waiting = [...graves.all(Date.now())]
  async function work(): Promise<void> {
    for (let grave = waiting.pop(); grave; grave = waiting.pop()) {
      const { why, cookie } = grave
      judgeGhost(scene, why, (await insist(() => traffic.ask(chance, '/read', cookie))).body)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
}

/** Asks again until somebody answers. */
async function insist(ask: () => Promise<Answer | undefined>): Promise<Answer> {
  for (;;) {
    const answer = await ask()
    if (answer?.status === 200) return answer
  }
}
