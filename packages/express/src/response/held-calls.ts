import { SessionError } from '@kvsession/core'
import { callBack, type HeldMethod, type HeldResponse } from './held-response.ts'

/** Enough for what a handler writes in one go; a stream that heeds `write`'s false holds one chunk. */
const mostHeldBytes = 16 * 1024 * 1024

/**
 * Queues a call until the commit has ended. A handler that ignores `false` and writes on could fill memory while the store
 * is slow: beyond 16 MiB its response fails with `RESPONSE_OVERFLOW`, and the queued calls are dropped.
 */
export function holdCall(held: HeldResponse, name: HeldMethod, args: readonly unknown[]): void {
  if (held.phase === 'failed') return
  if (name === 'write' && held.heldBytes >= mostHeldBytes) held.overflow ??= overflow(held)
  if (held.overflow) {
    callBack(args, held.overflow)
    return
  }
  held.calls.push({ name, args })
  held.heldBytes += sizeOf(args[0])
}

function overflow(held: HeldResponse): SessionError {
  const error = new SessionError(
    'RESPONSE_OVERFLOW',
    'The handler wrote on while more than 16 MiB waited for the session to be stored: stop when write() gives false, go on at drain, or use pipe()'
  )
  for (const { args } of held.calls.splice(0)) callBack(args, error)
  return error
}

function sizeOf(chunk: unknown): number {
  if (typeof chunk === 'string') return chunk.length
  return chunk instanceof Uint8Array ? chunk.byteLength : 0
}
