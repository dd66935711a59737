import { type Context, isResolved, resolve, violation, visit } from './client.ts'
import { checkData, checkIdentity } from './device.ts'
import type { Answer } from './handler.ts'
import type { Server } from './server-process.ts'
import { checkEnded, list, revokeAll } from './steps.ts'

/** Visits until all is known and each of the devices has been answered. */
export async function visitDevices(context: Context): Promise<void> {
  while (!isResolved(context.user)) await resolve(context)
  for (const device of context.user.devices) while (!(await visit(context, device, '/read')));
}

/** Compares what every process answers with what is known of the user; then revokes everything. */
export async function auditUser(context: Context, servers: readonly Server[]): Promise<void> {
  const { user, traffic } = context
  await visitDevices(context)
  for (const device of user.devices) {
    for (const server of servers) {
      const { body, cookie } = await untilAnswered(() => traffic.askAt(server, '/read', device.cookie))
      const problem = checkIdentity(device, body) ?? checkData(device, body?.data ?? {})
      if (problem !== undefined) throw violation(context, `${problem} (${device.id}, at ${server.name})`)
      if (cookie !== undefined) device.cookie = cookie
      traffic.count('sessions compared at the end')
    }
  }
  await list(context)
  await revokeAll(context)
  while (!isResolved(user)) await resolve(context)
  await list(context)
}

const parallel = 8

/** Checks that no token which has ended opens a session. */
export async function auditEndedTokens(context: Context): Promise<void> {
  const { endedTokens, traffic, random } = context
  const waiting = [...endedTokens.all(Date.now())]
  async function work(): Promise<void> {
    for (let ended = waiting.pop(); ended; ended = waiting.pop()) {
      const { why, cookie } = ended
      checkEnded(context, why, (await untilAnswered(() => traffic.ask(random, '/read', cookie))).body)
    }
  }
  await Promise.all(Array.from({ length: parallel }, work))
}

async function untilAnswered(ask: () => Promise<Answer | undefined>): Promise<Answer> {
  for (;;) {
    const answer = await ask()
    if (answer?.status === 200) return answer
  }
}
