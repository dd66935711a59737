import { setTimeout as wait } from 'node:timers/promises'
import type { Tally } from '../../src/processes/tally.ts'
import { CommandFailed, ProcessEnded, type TestProcess } from '../../src/processes/test-process.ts'
import type { WriterCommands } from './writing-process.ts'

export type Writer = TestProcess<WriterCommands>

/** The processes that write at the moment. */
export interface WriterPool {
  readonly size: number
  /** Lets a process open the store, and sends it requests from then on. */
  add(writer: Writer): Promise<void>
  /** A random one. */
  pick(): Writer | undefined
  /** Sends it no more requests, and kills it while it handles some. */
  kill(writer: Writer): Promise<void>
  /** Asks a random writer, and another one until one has answered. `onUnknown`: it did not, and may have done it. */
  ask<T>(question: (writer: Writer) => Promise<T>, onUnknown?: () => void): Promise<T>
  /** Kills all of them; later questions reject. */
  close(): Promise<void>
}

export function createWriterPool(tally: Tally, draw: (below: number) => number): WriterPool {
  const active = new Set<Writer>()
  let isClosed = false
  const pick = (): Writer | undefined => [...active][draw(active.size)]

  async function kill(writer: Writer): Promise<void> {
    active.delete(writer)
    await writer.kill()
  }

  async function handleFailure(error: unknown): Promise<void> {
    if (error instanceof ProcessEnded) return
    if (!(error instanceof CommandFailed)) throw error
    tally.report('failed', error.message)
    await wait(20)
  }

  return {
    get size() {
      return active.size
    },
    async add(writer) {
      void writer.crashed.then(({ code, signal, errors }) => {
        active.delete(writer)
        tally.report('ended', `a process ended by itself (${signal ?? code}): ${errors}`)
      })
      await writer.call('open')
      active.add(writer)
    },
    pick,
    kill,
    async ask(question, onUnknown) {
      for (;;) {
        if (isClosed) throw new Error('the pool is closed')
        tally.stopAtMany()
        const writer = pick()
        try {
          // There is none while the only one was killed and the next one opens the store.
          if (writer !== undefined) return await question(writer)
          await wait(2)
        } catch (error) {
          await handleFailure(error)
          onUnknown?.()
        }
      }
    },
    async close() {
      isClosed = true
      await Promise.all([...active].map(kill))
    }
  }
}
