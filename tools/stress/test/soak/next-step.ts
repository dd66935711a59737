import { type Context, isResolved, resolve } from './client.ts'
import * as concurrent from './concurrent-steps.ts'
import { deviceLimit } from './handler.ts'
import * as steps from './steps.ts'

/** How often each step is drawn. */
const weights: readonly (readonly [step: steps.Step, weight: number])[] = [
  [steps.read, 24],
  [steps.write, 16],
  [steps.count, 14],
  [steps.countByAdministration, 4],
  [steps.loginAgain, 2],
  [steps.regenerate, 3],
  [steps.rotate, 4],
  [steps.logout, 2],
  [steps.revoke, 2],
  [steps.revokeAll, 1],
  [steps.revokeOthers, 1],
  [steps.list, 4],
  [steps.tryEndedToken, 8],
  [steps.visitAsGuest, 2],
  [steps.sweep, 1],
  [concurrent.changeInTabs, 5],
  [concurrent.rotateInTabs, 2],
  [concurrent.logoutAmongWriters, 2],
  [concurrent.revokeAmongWriters, 2],
  [concurrent.regenerateAmongWriters, 2],
  [concurrent.loginAmongRevocations, 1],
  [steps.login, 6]
]

const drawn = weights.flatMap(([step, weight]) => Array.from({ length: weight }, () => step))

/** Takes a random step. Unknown outcomes are resolved first, so that it is always known which sessions live. */
export async function takeStep(context: Context): Promise<void> {
  const { user, random } = context
  if (!isResolved(user)) return resolve(context)
  const device = user.devices[random.below(Math.max(1, user.devices.length))]
  if (!device) return user.devices.length + 2 <= deviceLimit ? concurrent.loginTwice(context) : steps.login(context)
  const step = drawn[random.below(drawn.length)] ?? steps.read
  return step(context, device)
}
