import { SessionError } from '@kvsession/core'
import { callBack, type HeldMethod, type HeldResponse } from './held-response.ts'

const mebibyte = 1024 * 1024
/** Enough for a body written without waiting; a stream that stops when `write` returns false queues one chunk. */
const maxBytesPerResponse = 16 * mebibyte
const maxBytesPerProcess = 64 * mebibyte

/** Bytes queued by all responses of this process. */
let heldInProcess = 0

/**
 * Queues a call until the commit has ended. A handler that keeps writing although `write` returned false could fill
 * memory while the store is slow. Once 16 MiB are queued in its response, or 64 MiB in the whole process, the response
 * fails with `RESPONSE_OVERFLOW` and its queued calls are dropped. The first chunk of a response may have any size.
 */
export function holdCall(held: HeldResponse, name: HeldMethod, args: readonly unknown[]): void {
  if (held.phase === 'failed') return
  if (name === 'write' && isFull(held)) held.overflow ??= overflow(held)
  if (held.overflow) {
    callBack(args, held.overflow)
    return
  }
  held.calls.push({ name, args })
  const size = sizeOf(args[0])
  held.heldBytes += size
  heldInProcess += size
}

/** Stops counting the bytes of a response whose calls are about to be made or dropped. */
export function releaseBytes(held: HeldResponse): void {
  heldInProcess -= held.heldBytes
  held.heldBytes = 0
}

function isFull({ heldBytes }: HeldResponse): boolean {
  return heldBytes >= maxBytesPerResponse || (heldBytes > 0 && heldInProcess >= maxBytesPerProcess)
}

function overflow(held: HeldResponse): SessionError {
  const error = new SessionError(
    'RESPONSE_OVERFLOW',
    'The handler kept writing while more than 16 MiB (or 64 MiB in all responses) waited for sessions to be stored: stop when write() returns false and continue at drain, or use pipe()'
  )
  for (const { args } of held.calls.splice(0)) callBack(args, error)
  releaseBytes(held)
  return error
}

function sizeOf(chunk: unknown): number {
  if (typeof chunk === 'string') return chunk.length
  return chunk instanceof Uint8Array ? chunk.byteLength : 0
}
