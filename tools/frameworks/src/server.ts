import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { findFreePort } from 'test-servers'

/** An example that runs as a process of its own. */
export interface ExampleServer {
  readonly url: string
  output(): string
  stop(): Promise<void>
}

const startLimitMs = 60_000

/** Runs a script of the manifest in `folder`, and waits until it accepts connections on the loopback address. */
export async function startServer(
  folder: string,
  script: string,
  environment: NodeJS.ProcessEnv
): Promise<ExampleServer> {
  const port = await findFreePort()
  const server = spawn('npm', ['run', script, '--silent'], {
    cwd: folder,
    env: { ...environment, HOST: '127.0.0.1', PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: `npm` starts a shell, which starts the server.
    detached: true
  })
  let printed = ''
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      printed += chunk
    })
  }
  const stop = async (): Promise<void> => {
    if (server.pid === undefined || hasEnded(server)) return
    const ended = once(server, 'exit')
    process.kill(-server.pid, 'SIGKILL')
    await ended
  }
  try {
    await waitUntilListening(port, server)
  } catch (error) {
    await stop()
    throw new Error(`${String(error)}\n${printed}`)
  }
  return { url: `http://127.0.0.1:${port}`, output: () => printed, stop }
}

async function waitUntilListening(port: number, server: ChildProcess): Promise<void> {
  const limit = performance.now() + startLimitMs
  while (!(await accepts(port))) {
    if (hasEnded(server)) throw new Error('the server ended at its start')
    if (performance.now() > limit) throw new Error(`the server does not listen on 127.0.0.1:${port}`)
    await sleep(100)
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}
