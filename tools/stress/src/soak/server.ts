import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What a process tells of itself when nothing is under way, after a collection of garbage. */
export interface Vitals {
  /** Milliseconds since its start. */
  readonly at: number
  readonly rss: number
  readonly heapUsed: number
  /** Memory outside of the heap that objects of the heap hold on to: buffers above all. */
  readonly external: number
  /** What V8 has compiled, as part of the heap. */
  readonly code: number
  /** File descriptors, or what keeps the event loop alive, whichever is more. */
  readonly handles: number
  readonly unhandled: number
}

/** What the parent asks a process to do; each is answered once. */
export interface Order {
  readonly name: 'deploy' | 'vitals' | 'end'
  readonly secrets: readonly string[]
}

export interface ServerOptions {
  readonly name: string
  /** In this folder, and what it is started with. */
  readonly script: 'soaked-process.ts' | 'floor-process.ts'
  readonly parameters: readonly string[]
  /** Called when the process ends and nobody has ended it. */
  onCrash(error: Error): void
}

/** An application process that serves over HTTP, and what can happen to it. */
export interface Server {
  readonly name: string
  readonly port: number
  /** Requests under way. */
  waiting: number
  start(secrets: readonly string[]): Promise<void>
  /** New secrets without a restart. */
  deploy(secrets: readonly string[]): Promise<void>
  vitals(): Promise<Vitals>
  kill(): Promise<void>
  freeze(): void
  thaw(): void
  /** Ends it as a deployment does: no new connections, requests under way are answered. */
  end(): Promise<void>
}

/** Where Node keeps it when it is asked to and not told where. */
const compileCache = join(tmpdir(), 'node-compile-cache')
const environment = {
  NODE_ENV: 'test',
  NODE_COMPILE_CACHE: compileCache,
  // With an arena for each thread glibc takes several megabytes more whenever another thread needs memory at its highest.
  MALLOC_ARENA_MAX: '1'
}
const execArgv = [
  '--conditions=@kvsession/source',
  '--disable-warning=ExperimentalWarning',
  '--expose-gc',
  // V8 gives new objects more room while there is more to do: that would pass for growth.
  '--min-semi-space-size=16',
  '--max-semi-space-size=16'
]

/** Whoever leaves in a hurry leaves no process behind, and none frozen. */
const living = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL')
})

export function createServer({ name, script, parameters, onCrash }: ServerOptions): Server {
  let child: ChildProcess | undefined
  let port = 0

  /** What the process says next. */
  async function heard(from: ChildProcess): Promise<unknown> {
    const over = new AbortController()
    const { signal } = over
    const ended = once(from, 'exit', { signal }).then(() => {
      throw new Error(`a process of ${name} ended instead of answering`)
    })
    try {
      const [message] = await Promise.race([once(from, 'message', { signal }), ended])
      return Reflect.get(Object(message), 'answer')
    } finally {
      ended.catch(() => undefined)
      over.abort()
    }
  }

  function ask(order: Order['name'], secrets: readonly string[] = []): Promise<unknown> {
    if (!child) throw new Error(`${name} does not run`)
    const answer = heard(child)
    child.send({ name: order, secrets })
    return answer
  }

  async function deploy(secrets: readonly string[]): Promise<void> {
    port = Number(await ask('deploy', secrets))
  }

  /** From here on its end is no crash. */
  function release(): { readonly ending: ChildProcess; readonly ended: Promise<unknown> } | undefined {
    const ending = child
    child = undefined
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return undefined
    return { ending, ended: once(ending, 'exit') }
  }

  const server: Server = {
    name,
    get port() {
      return port
    },
    waiting: 0,
    async start(secrets) {
      const started = fork(fileURLToPath(new URL(script, import.meta.url)), parameters, {
        execArgv,
        env: { ...process.env, ...environment },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc']
      })
      child = started
      living.add(started)
      started.once('exit', (code, signal) => {
        living.delete(started)
        if (child === started) onCrash(new Error(`a process of ${name} ended by itself: ${code ?? signal}`))
      })
      await heard(started)
      await deploy(secrets)
    },
    deploy,
    async vitals() {
      const vitals = await ask('vitals')
      if (isVitals(vitals)) return vitals
      throw new Error(`${name} does not say how it is`)
    },
    async kill() {
      const released = release()
      released?.ending.kill('SIGKILL')
      await released?.ended
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async end() {
      const released = release()
      released?.ending.send({ name: 'end', secrets: [] })
      await released?.ended
    }
  }
  return server
}

function isVitals(value: unknown): value is Vitals {
  return typeof Reflect.get(Object(value), 'heapUsed') === 'number'
}
