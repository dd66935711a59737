import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createStoreFolder, type StoreFolder } from './support/store-folder.ts'

const script = fileURLToPath(new URL('support/acknowledging-process.ts', import.meta.url))
const processes = 8
/** KVSESSION_KILLS=500 for the long form. */
const kills = Number(process.env.KVSESSION_KILLS ?? 16)

describe('kill -9 of processes that write one key', () => {
  it(`A kill -9 does not block other processes and loses no acknowledged increment, ${kills} times`, {
    timeout: 60_000 + kills * 2_000
  }, async () => {
    const folder = createStoreFolder()
    const running = new Set<ChildProcess>()
    try {
      let acknowledged = 0
      let left = kills
      const slots = Array.from({ length: processes }, async () => {
        while (left-- > 0) {
          const counted = await countAndDie(folder, 1 + ((left * 7919) % 60), running)
          acknowledged += counted
        }
      })
      await Promise.all(slots)
      // A killed process may have written once more than it reported. If two processes hold a lock, increments are lost.
      const counted = Number(await folder.open().get('counter'))
      expect(counted).toBeGreaterThanOrEqual(acknowledged)
      expect(counted).toBeLessThanOrEqual(acknowledged + kills)
      await folder.open().deleteExpired()
      expect(folder.files()).toHaveLength(1)
    } finally {
      for (const child of running) child.kill('SIGKILL')
      folder.remove()
    }
  })
})

/** Resolves to the number of acknowledged increments of the dead process. It is killed after `enough` of them. */
async function countAndDie(folder: StoreFolder, enough: number, running: Set<ChildProcess>): Promise<number> {
  const env = { ...process.env, NODE_COMPILE_CACHE: join(dirname(folder.path), 'compiled') }
  const options = ['--conditions=@kvsession/source', script, folder.path]
  const child = spawn(process.execPath, options, { env, stdio: ['pipe', 'pipe', 'inherit'] })
  running.add(child)
  let output = ''
  child.stdout.setEncoding('latin1').on('data', (chunk: string) => {
    if (output === '') child.stdin.write('go')
    output += chunk
    if (output.length > enough) child.kill('SIGKILL')
  })
  const [, signal] = await once(child, 'close')
  running.delete(child)
  expect(signal).toBe('SIGKILL')
  return output.length - 1
}
