import { fork } from 'node:child_process'
import { join } from 'node:path'

/** A file of this folder in a process of its own that answers what it is asked, one thing at a time. */
export interface Worker {
  readonly pid: number
  ask(command: object): Promise<unknown>
  stop(): void
}

/** @param name for errors */
export function startWorker(
  name: string,
  file: string,
  flags: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {}
): Worker {
  const child = fork(join(import.meta.dirname, file), {
    execArgv: ['--conditions=@kvsession/source', '--disable-warning=ExperimentalWarning', ...flags],
    env: { ...process.env, NODE_ENV: 'production', ...environment }
  })
  return {
    pid: child.pid ?? 0,
    ask: (command) =>
      new Promise((resolve, reject) => {
        const gone = (code: number | null, signal: string | null): void =>
          reject(new Error(`The process of ${name} ended with ${code ?? signal}`))
        child.once('exit', gone)
        child.once('message', (answer: unknown) => {
          child.off('exit', gone)
          if (typeof answer !== 'object' || answer === null) reject(new Error(`${name}: no answer`))
          else if ('error' in answer) reject(new Error(`${name}: ${answer.error}`))
          else resolve('result' in answer ? answer.result : undefined)
        })
        child.send(command, (error) => error && reject(error))
      }),
    stop: () => void child.kill()
  }
}

/** The other end: answers each message with what `obey` makes of it, until whoever started this process is gone. */
export function answerCommands(obey: (command: object) => Promise<unknown>): void {
  process.on('message', (message) => {
    if (typeof message !== 'object' || message === null) return
    obey(message).then(
      (result) => process.send?.({ result }),
      (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) })
    )
  })
  process.on('disconnect', () => process.exit())
}
