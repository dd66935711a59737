import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { pinnedCommand } from './cores.ts'

/** The methods that a worker process offers to its parent. */
export type Methods = Readonly<Record<string, (...args: never[]) => unknown>>

/** A worker process. It runs one call at a time. */
export interface Worker<M extends Methods> {
  call<K extends keyof M & string>(method: K, ...args: Parameters<M[K]>): Promise<Awaited<ReturnType<M[K]>>>
  /** Resolves when the process has ended, after it has closed its store. */
  stop(): Promise<void>
}

export interface WorkerOptions {
  /** Flags of Node. */
  readonly flags?: readonly string[]
  /** The processor core to which the process is pinned. Default: none. */
  readonly core?: number | undefined
  /** Folder of another build of the packages, from `extractBase`. Default: the packages of this tree. */
  readonly base?: string | undefined
}

/** Flags with which every process of the bench runs the sources of this repository. */
export const sourceFlags: readonly string[] = [
  '--conditions=@kvsession/source',
  '--disable-warning=ExperimentalWarning'
]

/** @param file relative to this folder. It must call {@link serveMethods}. */
export function startWorker<M extends Methods>(file: string, options: WorkerOptions = {}): Worker<M> {
  const { flags = [], core, base } = options
  const hook = base === undefined ? [] : ['--import', join(import.meta.dirname, 'base-hook.ts')]
  const [execPath = '', ...execArgv] = pinnedCommand([process.execPath, ...sourceFlags, ...hook, ...flags], core)
  const child = fork(join(import.meta.dirname, file), {
    execPath,
    execArgv,
    serialization: 'advanced',
    env: { ...process.env, NODE_ENV: 'production', KVSESSION_BENCH_BASE: base }
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    call: callerOf<M>(child, file),
    stop() {
      // The process exits by itself, so that V8 can write a profile.
      if (child.connected) child.disconnect()
      return ended
    }
  }
}

/** @param name names the process in errors */
export function callerOf<M extends Methods>(child: ChildProcess, name: string): Worker<M>['call'] {
  return (method, ...args) =>
    new Promise((resolve, reject) => {
      const onExit = (code: number | null, signal: string | null): void =>
        reject(new Error(`${name} ended with ${code ?? signal}`))
      child.once('exit', onExit)
      child.once('message', (answer: unknown) => {
        child.off('exit', onExit)
        const { error, result } = asAnswer<Awaited<ReturnType<M[typeof method]>>>(answer)
        if (error === undefined) resolve(result)
        else reject(new Error(`${name}, ${method}: ${error}`))
      })
      child.send({ method, args }, (error) => error && reject(error))
    })
}

/** Answers the calls of the parent process, and exits when the parent disconnects. */
export function serveMethods(methods: Methods): void {
  process.on('message', (message) => {
    const { method, args } = asCall(message)
    Promise.resolve()
      .then(() => methods[method]?.(...args))
      .then(
        (result) => process.send?.({ result }),
        (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) })
      )
  })
  process.on('disconnect', () => process.exit())
}

/** The cast is safe, because the processes exchange no other messages. */
function asAnswer<Result>(message: unknown): { readonly error?: string; readonly result: Result } {
  return message as { readonly error?: string; readonly result: Result }
}

function asCall(message: unknown): { readonly method: string; readonly args: never[] } {
  return message as { readonly method: string; readonly args: never[] }
}
