import { SessionError } from '@kvsession/core'
import { commandsOf, type Duplicate, type RedisClient, type RedisCommands } from './client.ts'

export type WaitingCommands = RedisCommands & { readonly wait: NonNullable<RedisCommands['wait']> }

/** The connection of the writes that wait for replicas. A WAIT holds up everything behind it, so nobody else reads there. */
export interface WriteConnection {
  /** Resolves when it takes commands. */
  commands(): Promise<WaitingCommands>
  /** Closes what the store itself opened. */
  close(): void
}

/** @throws SessionError `OPTION_INVALID` for a client of several connections, `STORE_INVALID` */
export function writeConnectionOf(reading: RedisCommands, waitClient: RedisClient | undefined): WriteConnection {
  if (waitClient !== undefined) {
    const commands = assertWaiting(commandsOf(waitClient), 'waitClient must be')
    return { commands: async () => commands, close: () => undefined }
  }
  assertWaiting(reading, 'waitReplicas needs, as client or as waitClient,')
  const { duplicate } = reading
  if (duplicate === undefined)
    throw optionInvalid('waitReplicas cannot duplicate this client. Pass a second one as waitClient')
  return ownConnection(duplicate)
}

/** Opened with the first write. It ends with the client that it was made of, or with the store. */
function ownConnection(duplicate: (onEnd: () => void) => Duplicate): WriteConnection {
  let opened: { readonly commands: WaitingCommands; readonly copy: Duplicate } | undefined

  function close(): void {
    opened?.copy.end()
    opened = undefined
  }

  return {
    async commands() {
      if (opened?.copy.isClosed()) close()
      if (opened === undefined) {
        const copy = duplicate(close)
        opened = { copy, commands: assertWaiting(commandsOf(copy.client), 'waitReplicas needs') }
      }
      const { commands, copy } = opened
      try {
        await copy.open()
        return commands
      } catch (error) {
        close()
        throw error
      }
    },
    close
  }
}

function assertWaiting(commands: RedisCommands, wanted: string): WaitingCommands {
  const { wait } = commands
  if (wait !== undefined) return { ...commands, wait }
  throw optionInvalid(
    `${wanted} a client with one connection: createClient() of redis, or Redis of ioredis, which takes sentinels too`
  )
}

function optionInvalid(message: string): SessionError {
  return new SessionError('OPTION_INVALID', message)
}
