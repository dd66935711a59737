import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startProcess, type TestProcess } from '../../src/processes/test-process.ts'
import type { ServiceCommands, Vitals } from './serve.ts'

export interface ServerOptions {
  readonly name: string
  /** In this folder. */
  readonly script: 'application-process.ts' | 'baseline-process.ts'
  readonly args: readonly string[]
  /** Called when the process ends by itself. */
  onCrash(error: Error): void
}

/** A process that serves over HTTP, one after the other under the same name. */
export interface Server {
  readonly name: string
  readonly port: number
  /** Requests under way. */
  waiting: number
  start(secrets: readonly string[]): Promise<void>
  /** Replaces the secrets without a restart. */
  deploy(secrets: readonly string[]): Promise<void>
  vitals(): Promise<Vitals>
  kill(): Promise<void>
  freeze(): void
  thaw(): void
  /** Ends it as a deployment does: no new connections, requests under way are answered. */
  end(): Promise<void>
}

const env = {
  NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'),
  // With an arena for each thread glibc takes several megabytes more whenever another thread has its peak.
  MALLOC_ARENA_MAX: '1'
}
// V8 enlarges the young generation under load: that would look like growth.
const flags = ['--expose-gc', '--min-semi-space-size=16', '--max-semi-space-size=16']

export function createServer({ name, script, args, onCrash }: ServerOptions): Server {
  let running: TestProcess<ServiceCommands> | undefined
  let port = 0

  function process(): TestProcess<ServiceCommands> {
    if (running === undefined) throw new Error(`${name} does not run`)
    return running
  }

  async function deploy(secrets: readonly string[]): Promise<void> {
    port = await process().call('deploy', secrets)
  }

  return {
    name,
    get port() {
      return port
    },
    waiting: 0,
    async start(secrets) {
      running = await startProcess(join(import.meta.dirname, script), { args, env, flags })
      void running.crashed.then(({ code, signal }) =>
        onCrash(new Error(`a process of ${name} ended by itself: ${signal ?? code}`))
      )
      await deploy(secrets)
    },
    deploy,
    vitals: () => process().call('vitals'),
    async kill() {
      await running?.kill()
    },
    freeze: () => running?.signal('SIGSTOP'),
    thaw: () => running?.signal('SIGCONT'),
    async end() {
      await running?.stop()
    }
  }
}
