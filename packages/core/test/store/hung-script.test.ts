import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const core = fileURLToPath(new URL('../..', import.meta.url))

/** Runs a script whose store never responds, and returns how it ended. */
function run(script: string): Promise<{ readonly code: unknown; readonly output: string }> {
  const setUp = `
    import { createSessionManager } from '@kvsession/core'
    const hang = () => new Promise(() => {})
    const swept = Promise.withResolvers()
    const deleteExpired = () => (swept.resolve(), hang())
    const store = { get: hang, set: hang, delete: hang, compareAndSet: hang, deleteExpired, async *keys() { await hang() } }
    const secret = 'a secret for tests that is long enough'
    const onEvent = ({ type }) => console.log(type)
    const sessions = createSessionManager({ store, secret, storeTimeout: 2, onEvent })
  `
  const args = ['--conditions=@kvsession/source', '--input-type=module', '--eval', setUp + script]
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: core }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, output: stdout + stderr })
    })
  })
}

it.each([
  "await sessions.find('0'.repeat(32))",
  "await sessions.revokeAll('alice')",
  "await sessions.list({ userId: 'alice' })",
  'await sessions.sweep()',
  'for await (const session of sessions.list()) console.log(session)'
])('A script whose store hangs ends with the error of the call that it waits for: %s', async (script) => {
  const { code, output } = await run(script)
  expect(output).toContain('STORE_TIMEOUT')
  expect(code).toBe(1)
})

it('A sweeper whose store hangs does not keep the process alive until its sweep times out', async () => {
  const script = `
    sessions.startSweeper({ interval: '1ms' })
    // An unreferenced timer starts the sweep: only this one keeps the process alive until then.
    const alive = setInterval(() => {}, 1_000)
    await swept.promise
    clearInterval(alive)
  `
  expect(await run(script)).toEqual({ code: 0, output: '' })
})
