import { setTimeout as wait } from 'node:timers/promises'
import { noteFault, type ParallelKillTally, stopAtManyFaults } from './parallel-kill-tally.ts'
import { Refused, Unanswered, type Writer } from './writing-team.ts'

/** The processes that write at the moment. */
export interface WritingCrew {
  readonly size: number
  /** Lets a process open the store, and gives it work from then on. */
  add(writer: Writer): Promise<void>
  /** One of them, by chance. */
  pick(): Writer | undefined
  /** Gives it no more work, and kills it in the midst of what it has. */
  kill(writer: Writer): Promise<void>
  /** Asks one of them, and another one until one has answered. `doubt` hears of each that did not. */
  ask(question: (writer: Writer) => Promise<string>, doubt?: () => void): Promise<string>
  /** Kills all of them; whoever still asks gets an error. */
  disband(): Promise<void>
}

export function createCrew(tally: ParallelKillTally, draw: (below: number) => number): WritingCrew {
  const active = new Set<Writer>()
  let disbanded = false
  const pick = (): Writer | undefined => [...active][draw(active.size)]

  async function kill(writer: Writer): Promise<void> {
    active.delete(writer)
    await writer.kill()
  }

  function failed(error: unknown): Promise<void> | undefined {
    if (error instanceof Unanswered) return undefined
    if (!(error instanceof Refused)) throw error
    noteFault(tally, 'failed', error.message)
    return wait(20)
  }

  return {
    get size() {
      return active.size
    },
    async add(writer) {
      void writer.ended.then((why) => {
        active.delete(writer)
        noteFault(tally, 'fallen', why)
      })
      await writer.open()
      active.add(writer)
    },
    pick,
    kill,
    async ask(question, doubt) {
      for (;;) {
        if (disbanded) throw new Error('nobody is left to ask')
        stopAtManyFaults(tally)
        const writer = pick()
        try {
          // Nobody: the only one was killed, and the next one opens the store.
          if (writer !== undefined) return await question(writer)
          await wait(2)
        } catch (error) {
          await failed(error)
          doubt?.()
        }
      }
    },
    async disband() {
      disbanded = true
      await Promise.all([...active].map(kill))
    }
  }
}
