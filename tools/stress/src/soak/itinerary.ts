import { deviceLimit } from './answers.ts'
import * as bursts from './bursts.ts'
import * as steps from './steps.ts'
import { isSettled, type Scene, settle } from './visitor.ts'

/** How often each step is drawn. */
const weights: readonly (readonly [step: steps.Step, weight: number])[] = [
  [steps.read, 24],
  [steps.write, 16],
  [steps.count, 14],
  [steps.countFromOutside, 4],
  [steps.loginAgain, 2],
  [steps.regenerate, 3],
  [steps.rotate, 4],
  [steps.logout, 2],
  [steps.revoke, 2],
  [steps.revokeAll, 1],
  [steps.revokeOthers, 1],
  [steps.list, 4],
  [steps.haunt, 8],
  [steps.comeAsGuest, 2],
  [steps.sweep, 1],
  [bursts.inTabs, 5],
  [bursts.rotateInTabs, 2],
  [bursts.logoutAmongWriters, 2],
  [bursts.revokeAmongWriters, 2],
  [bursts.regenerateAmongWriters, 2],
  [bursts.loginAmongRevocations, 1],
  [steps.login, 6]
]

const drawn = weights.flatMap(([step, weight]) => Array.from({ length: weight }, () => step))

/** What a visitor does next. What nobody knows is settled first, so that the ledger is sharp again. */
export async function takeStep(scene: Scene): Promise<void> {
  const { person, chance } = scene
  if (!isSettled(person)) return settle(scene)
  const device = person.devices[chance.below(Math.max(1, person.devices.length))]
  if (!device) return person.devices.length + 2 <= deviceLimit ? bursts.loginTwice(scene) : steps.login(scene)
  const step = drawn[chance.below(drawn.length)] ?? steps.read
  return step(scene, device)
}
