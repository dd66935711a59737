import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Call, Commands, Reply } from './answer-calls.ts'

/** The process ended before it answered: the command may or may not have been carried out. */
export class ProcessEnded extends Error {}

/** The process answered that a command failed. */
export class CommandFailed extends Error {
  /** The code of the error, where it has one. */
  readonly code: string | undefined

  constructor({ error = '', code }: Reply) {
    super(error)
    this.code = code
  }
}

export interface ProcessEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The end of what it wrote to stderr. */
  readonly errors: string
}

/** A child process that answers calls; `C` are its commands. */
export interface TestProcess<C extends Commands> {
  /** @throws ProcessEnded, CommandFailed */
  call<Name extends keyof C & string>(name: Name, ...args: Parameters<C[Name]>): Promise<Awaited<ReturnType<C[Name]>>>
  /** How many calls it has answered. */
  readonly answers: number
  /** Resolves once it has answered that many calls, or has ended. */
  whenAnswered(count: number): Promise<void>
  signal(signal: NodeJS.Signals): void
  /** Sends SIGKILL and waits for the end. */
  kill(): Promise<ProcessEnd>
  /** Lets it close what it has open; waits until it ends by itself. */
  stop(): Promise<ProcessEnd>
  readonly ended: Promise<ProcessEnd>
  /** Resolves when it ends without `kill` or `stop`. */
  readonly crashed: Promise<ProcessEnd>
}

export interface ProcessOptions {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Flags of Node besides those that all processes get. */
  readonly flags?: readonly string[]
  /** A command in front of Node, for another host of a test network. */
  readonly prefix?: readonly string[]
  /** Called with what the process prints. */
  readonly onOutput?: (output: string) => void
}

/** Flags with which a process runs the sources of this repository. */
export const flagsOfAll: readonly string[] = ['--conditions=@kvsession/source', '--disable-warning=ExperimentalWarning']
const keptErrors = 2_000

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts a script that calls `answerCalls`, and waits until it does. */
export async function startProcess<C extends Commands>(
  script: string,
  { args = [], env = {}, flags = [], prefix = [], onOutput }: ProcessOptions = {}
): Promise<TestProcess<C>> {
  const [program = '', ...rest] = [...prefix, process.execPath, ...flagsOfAll, ...flags, script, ...args]
  const child = spawn(program, rest, {
    env: { ...process.env, NODE_ENV: 'test', ...env },
    stdio: ['ignore', onOutput ? 'pipe' : 'ignore', 'pipe', 'ipc']
  })
  running.add(child)
  if (onOutput) child.stdout?.setEncoding('latin1').on('data', onOutput)
  const started = connectProcess<C>(child)
  const { code, signal, errors } =
    (await Promise.race([once(child, 'message').then(() => undefined), started.ended])) ?? {}
  if (errors !== undefined) throw new Error(`${script} did not start (${signal ?? code}):\n${errors}`)
  return started
}

/** A child process that calls `answerCalls`. */
export function connectProcess<C extends Commands>(child: ChildProcess): TestProcess<C> {
  const pending = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  const waiting = new Set<{ readonly count: number; resolve(): void }>()
  let calls = 0
  let answers = 0
  let isEndExpected = false
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    errors = (errors + chunk).slice(-keptErrors)
    process.stderr.write(chunk)
  })

  const ended = once(child, 'close').then(([code, signal]): ProcessEnd => {
    running.delete(child)
    for (const { reject } of pending.values()) reject(new ProcessEnded('the process ended before it answered'))
    pending.clear()
    for (const { resolve } of waiting) resolve()
    return { code, signal, errors }
  })
  const crashed = ended.then((end) => (isEndExpected ? new Promise<never>(() => undefined) : end))

  child.on('error', () => undefined)
  child.on('message', (message: Reply) => {
    const call = pending.get(message.id)
    if (call === undefined) return
    pending.delete(message.id)
    if (message.error === undefined) call.resolve(message.value)
    else call.reject(new CommandFailed(message))
    answers++
    for (const one of waiting) if (answers >= one.count && waiting.delete(one)) one.resolve()
  })

  function call(name: string, ...args: readonly unknown[]): Promise<unknown> {
    if (!child.connected) return Promise.reject(new ProcessEnded('the process has ended'))
    return new Promise((resolve, reject) => {
      const message: Call = { id: ++calls, name, args }
      pending.set(message.id, { resolve, reject })
      child.send(message)
    })
  }

  return {
    call: call as TestProcess<C>['call'],
    get answers() {
      return answers
    },
    whenAnswered(count) {
      if (answers >= count || !child.connected) return Promise.resolve()
      return new Promise((resolve) => waiting.add({ count, resolve }))
    },
    signal: (signal) => void child.kill(signal),
    kill() {
      isEndExpected = true
      child.kill('SIGKILL')
      return ended
    },
    stop() {
      isEndExpected = true
      if (child.connected) child.send('stop')
      return ended
    },
    ended,
    crashed
  }
}
