import { setTimeout as sleep } from 'node:timers/promises'

const limitMs = 10_000

/**
 * Waits until a server has printed something. An event for a late change comes one store timeout after the change.
 *
 * @throws Error if it does not come.
 */
export async function waitForOutput(output: () => string, pattern: RegExp): Promise<void> {
  const limit = performance.now() + limitMs
  while (!pattern.test(output())) {
    if (performance.now() > limit) throw new Error(`the server does not print ${pattern}`)
    await sleep(50)
  }
}
