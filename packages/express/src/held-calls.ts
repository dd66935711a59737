import { SessionError } from '@kvsession/core'
import { callBack, type HeldMethod, type ResponseHold } from './response-hold.ts'

/** Room enough for whatever a handler writes in one go; a stream that heeds `write`'s false holds one chunk. */
const mostHeldBytes = 16 * 1024 * 1024

/**
 * Queues a call until the commit has ended. A handler that is told `false` and writes on could otherwise fill memory for
 * as long as the store may take: beyond 16 MiB its response fails with `RESPONSE_OVERFLOW`, and what waits is let go.
 */
export function holdCall(hold: ResponseHold, name: HeldMethod, args: readonly unknown[]): void {
  if (hold.phase === 'failed') return
  if (name === 'write' && hold.heldBytes >= mostHeldBytes) hold.overflow ??= overflow(hold)
  if (hold.overflow) {
    callBack(args, hold.overflow)
    return
  }
  hold.calls.push({ name, args })
  hold.heldBytes += sizeOf(args[0])
}

function overflow(hold: ResponseHold): SessionError {
  const error = new SessionError(
    'RESPONSE_OVERFLOW',
    'The handler wrote on while more than 16 MiB waited for the session to be stored: stop when write() gives false, go on at drain, or use pipe()'
  )
  for (const { args } of hold.calls.splice(0)) callBack(args, error)
  return error
}

function sizeOf(chunk: unknown): number {
  if (typeof chunk === 'string') return chunk.length
  return chunk instanceof Uint8Array ? chunk.byteLength : 0
}
