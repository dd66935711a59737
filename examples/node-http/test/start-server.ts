import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface RunningServer {
  readonly address: string
  stop(): Promise<void>
  /** Ends it like a supervisor. Resolves to its exit code. */
  terminate(): Promise<number | null>
}

/** The example as `npm start` runs it, on a free port. Resolves when it has printed its address. */
export async function startServer(): Promise<RunningServer> {
  const child = spawn(process.execPath, ['--conditions=@kvsession/source', 'src/server.ts'], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, PORT: '0', NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const exited = once(child, 'exit')
  for await (const line of createInterface({ input: child.stdout })) {
    const address = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0]
    if (address === undefined) continue
    child.stdout.resume()
    return {
      address,
      async stop() {
        child.kill('SIGKILL')
        await exited
      },
      async terminate() {
        child.kill('SIGTERM')
        const [code] = await exited
        return typeof code === 'number' ? code : null
      }
    }
  }
  throw new Error('The server ended before it listened')
}
