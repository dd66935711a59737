import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Framework } from './applications.ts'

export interface ServerProcess {
  readonly url: string
  stop(): Promise<void>
}

/** Starts a server in a separate process and waits until it listens. */
export async function startServer(framework: Framework, file: string, secret: string): Promise<ServerProcess> {
  const script = fileURLToPath(new URL('server.ts', import.meta.url))
  const args = ['--conditions=@kvsession/source', '--disable-warning=ExperimentalWarning', script, framework, file]
  const child = spawn(process.execPath, args, {
    env: { ...process.env, SESSION_SECRET: secret },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })
  const first = once(lines, 'line').then(([line]) => String(line))
  const url = await Promise.race([first, exited.then(() => undefined)])
  if (url === undefined) throw new Error(`the ${framework} server ended before it listened`)
  return {
    url,
    async stop() {
      child.kill()
      await exited
    }
  }
}
