import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface RunningServer {
  readonly address: string
  /** Kills it, so that no handler runs. */
  kill(): Promise<void>
  /** Ends it like a supervisor. Resolves to its exit code. */
  terminate(): Promise<number | null>
}

/** The demo as `npm start` runs it, with its own data. Resolves when it has printed its address. */
export async function startServer(dataFolder: string, port = '0'): Promise<RunningServer> {
  const child = spawn(process.execPath, ['--conditions=@kvsession/source', 'src/server.ts'], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, PORT: port, DATA_FOLDER: dataFolder, NODE_OPTIONS: '', SESSION_SECRET: undefined },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const exited = once(child, 'exit')

  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    child.kill(signal)
    const [code] = await exited
    return typeof code === 'number' ? code : null
  }

  for await (const line of createInterface({ input: child.stdout })) {
    const address = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0]
    if (address === undefined) continue
    child.stdout.resume()
    return { address, kill: async () => void (await end('SIGKILL')), terminate: () => end('SIGTERM') }
  }
  throw new Error('The server ended before it listened')
}
