import { fork } from 'node:child_process'
import { once } from 'node:events'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import type { GroundName } from './grounds.ts'

/** The longest waits since the last look, in milliseconds. */
export interface Pauses {
  /** For the event loop of this process. */
  readonly loop: number
  /** For one read of another process that has the store to itself but for this one. */
  readonly otherProcess: number
}

export interface PauseWatch {
  take(): Promise<Pauses>
  stop(): Promise<void>
}

const script = fileURLToPath(new URL('scale-probe-process.ts', import.meta.url))
const execArgv = ['--conditions=@kvsession/source', '--disable-warning=ExperimentalWarning']

/** Watches this process and, through another one, the engine. */
export async function watchPauses(ground: GroundName, address: string, key: string): Promise<PauseWatch> {
  const probe = fork(script, [ground, address, key], { execArgv })
  const gone = once(probe, 'exit').then(() => {
    throw new Error('the probing process has ended')
  })
  gone.catch(() => undefined)
  const answer = async (): Promise<number> => {
    const [longest]: unknown[] = await Promise.race([once(probe, 'message'), gone])
    return Number(longest)
  }
  const ask = (question: 'take' | 'stop'): Promise<number> => {
    const answering = answer()
    probe.send(question)
    return answering
  }
  await answer()
  const loop = monitorEventLoopDelay({ resolution: 1 })
  loop.enable()
  return {
    async take() {
      const otherProcess = await ask('take')
      const pauses = { loop: loop.max / 1e6, otherProcess }
      loop.reset()
      return pauses
    },
    async stop() {
      loop.disable()
      const ended = once(probe, 'exit')
      await ask('stop')
      await ended
    }
  }
}
