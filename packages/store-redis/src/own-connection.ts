import { SessionError } from '@kvsession/core'
import { commandsOf, duplicateOf, type RedisClient, type RedisCommands } from './client.ts'

export interface OwnConnection {
  readonly commands: RedisCommands
  close(): void
}

/**
 * A duplicate of a client that other code uses too. The first command opens it. Once it or the client is closed, commands
 * reject with the driver's error.
 *
 * @throws SessionError `OPTION_INVALID` for a client that cannot be duplicated, `STORE_INVALID`
 */
export function openOwn(client: RedisClient): OwnConnection {
  let ended = false
  const close = (): void => {
    ended = true
    copy?.end()
  }
  const copy = duplicateOf(client, close)
  if (copy === undefined) {
    const message =
      'ownConnection cannot duplicate this client. Pass one of createClient() or createCluster() of redis, or a Redis or Cluster of ioredis, or remove ownConnection'
    throw new SessionError('OPTION_INVALID', message)
  }
  const { open } = copy
  const commands = commandsOf(copy.client)

  function opened<Args extends unknown[], T>(command: (...args: Args) => Promise<T>): (...args: Args) => Promise<T> {
    return async (...args) => {
      // If it were reopened after its end, it would keep the process alive.
      if (!ended) await open()
      return command(...args)
    }
  }

  return {
    commands: {
      ...commands,
      get: opened(commands.get),
      head: opened(commands.head),
      set: opened(commands.set),
      del: opened(commands.del),
      eval: opened(commands.eval),
      evalSha: opened(commands.evalSha),
      masters: opened(commands.masters)
    },
    close
  }
}
