import { SessionError } from '@kvsession/core'
import { commandsOf, type Duplicate, type RedisClient, type RedisCommands } from './client.ts'

export type WaitingCommands = RedisCommands & { readonly wait: NonNullable<RedisCommands['wait']> }

/** The connection for writes that wait for replicas. A WAIT blocks all later commands, so no reads use this connection. */
export interface WriteConnection {
  /** Resolves when the connection accepts commands. */
  commands(): Promise<WaitingCommands>
  /** Closes the connection if the store opened it. */
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

/** Opened with the first write. It ends with the original client or with the store. */
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
