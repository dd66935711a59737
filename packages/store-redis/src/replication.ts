import { AsyncResource } from 'node:async_hooks'
import type { RedisCommands } from './client.ts'
import { confirmationScript } from './confirmation-script.ts'
import type { RedisStoreSettings } from './redis-store-options.ts'
import { type WaitingCommands, type WriteConnection, writeConnectionOf } from './write-connection.ts'

type Send<T> = (commands: RedisCommands) => Promise<T>

/** Waits until enough replicas have a write. */
export interface Replication {
  /** Sends one writing command, followed by a WAIT on the same connection. */
  write<T>(key: string, send: Send<T>): Promise<T>
  /** Call it after a read: a value that too few replicas have does not count as stored, even if the master has it. */
  confirm(key: string): Promise<void>
  close(): void
}

interface QueuedWrite {
  start(commands: RedisCommands): SentWrite
  /** Rejects a write that was not sent. */
  refuse(error: unknown): void
}

interface SentWrite {
  readonly answer: Promise<unknown>
  confirm(): void
  refuse(error: unknown): void
}

/** @throws SessionError `OPTION_INVALID`, `STORE_INVALID` */
export function createReplication(commands: RedisCommands, settings: RedisStoreSettings): Replication {
  const { waitReplicas, waitClient } = settings
  if (waitReplicas > 0) return createWaitingReplication(commands, writeConnectionOf(commands, waitClient), settings)
  return { write: (_, send) => send(commands), confirm: async () => undefined, close: () => undefined }
}

function createWaitingReplication(
  reading: RedisCommands,
  connection: WriteConnection,
  { waitReplicas, waitTimeout }: RedisStoreSettings
): Replication {
  /** Keys with the number of their last write. */
  const unconfirmed = new Map<string, number>()
  let writes = 0
  /** These writes would wait behind the current WAIT anyway, so they share the next one. */
  const queue: QueuedWrite[] = []
  let draining = false

  async function drain(): Promise<void> {
    if (draining) return
    draining = true
    while (queue.length > 0) {
      const commands = await connection.commands().catch((error: unknown) => {
        for (const write of queue.splice(0)) write.refuse(error)
      })
      if (commands !== undefined) await sendRound(commands)
    }
    draining = false
  }

  async function sendRound(commands: WaitingCommands): Promise<void> {
    const round = queue.splice(0).map(({ start }) => start(commands))
    const lastWrite = writes
    try {
      await waitForReplicas(commands)
    } catch (error) {
      for (const write of round) write.refuse(error)
      return
    }
    const answers = await Promise.allSettled(round.map(({ answer }) => answer))
    if (answers.some((one) => one.status === 'fulfilled' && hasWritten(one.value))) forgetUntil(lastWrite)
    for (const write of round) write.confirm()
  }

  async function waitForReplicas({ wait }: WaitingCommands): Promise<void> {
    const replicas = Number(await wait(waitReplicas, waitTimeout))
    if (replicas >= waitReplicas) return
    throw new Error(`${replicas} of ${waitReplicas} replicas confirmed the write in ${waitTimeout} ms`)
  }

  /** Replicas apply writes in the master's order, so one that has a write has all earlier ones. */
  function forgetUntil(lastWrite: number): void {
    for (const [key, write] of unconfirmed) {
      if (write <= lastWrite) unconfirmed.delete(key)
    }
  }

  function send<T>(key: string, command: Send<T>, commands: RedisCommands): Promise<T> {
    const earlier = unconfirmed.get(key)
    const write = ++writes
    unconfirmed.set(key, write)
    const answer = attempt(() => command(commands))
    answer.then(
      (value) => {
        const isLast = unconfirmed.get(key) === write
        if (isLast && earlier === undefined && !hasWritten(value)) unconfirmed.delete(key)
      },
      () => undefined
    )
    return answer
  }

  function write<T>(key: string, command: Send<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const start = (commands: RedisCommands): SentWrite => {
        const answer = send(key, command, commands)
        // The error of the write itself takes precedence.
        return { answer, confirm: () => resolve(answer), refuse: (error) => answer.then(() => reject(error), reject) }
      }
      // Binds the commands to the async context of the writing request, for tracing.
      queue.push({ start: AsyncResource.bind(start), refuse: reject })
      void drain()
    })
  }

  return {
    async write(key, command) {
      const answer = await write(key, command)
      await reading.catchUp?.(key)
      return answer
    },
    async confirm(key) {
      // A WAIT alone has no effect on a connection that has not written since it was opened.
      if (unconfirmed.has(key)) await write(key, (commands) => commands.eval(confirmationScript, key, []))
    },
    close: () => connection.close()
  }
}

/** Converts an exception of the driver into a rejection. */
async function attempt<T>(task: () => Promise<T>): Promise<T> {
  return task()
}

/** Only a command that changes data reaches the replicas, so only then WAIT confirms it. */
function hasWritten(answer: unknown): boolean {
  return answer === 'OK' || Number(answer) >= 1
}
