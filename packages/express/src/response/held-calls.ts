import { SessionError } from '@kvsession/core'
import { callBack, type HeldMethod, type HeldResponse } from './held-response.ts'

const mebibyte = 1024 * 1024
/** Enough for what a handler writes in one go; a stream that heeds `write`'s false holds one chunk. */
const mostOfResponse = 16 * mebibyte
const mostOfProcess = 64 * mebibyte

/** Bytes that wait in all responses of this process. */
let heldInProcess = 0

/**
 * Queues a call until the commit has ended. Handlers that ignore `false` and write on could fill memory while the store is
 * slow: when 16 MiB wait in their response, or 64 MiB in all of the process, it fails with `RESPONSE_OVERFLOW`, and its
 * queued calls are dropped. What a handler hands over first, in one call, waits whatever its size.
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

/** Nothing of the response waits any more: its calls are about to be made, or are dropped. */
export function releaseBytes(held: HeldResponse): void {
  heldInProcess -= held.heldBytes
  held.heldBytes = 0
}

function isFull({ heldBytes }: HeldResponse): boolean {
  return heldBytes >= mostOfResponse || (heldBytes > 0 && heldInProcess >= mostOfProcess)
}

function overflow(held: HeldResponse): SessionError {
  const error = new SessionError(
    'RESPONSE_OVERFLOW',
    'The handler wrote on while more than 16 MiB, or 64 MiB in all responses, waited for sessions to be stored: stop when write() gives false, go on at drain, or use pipe()'
  )
  for (const { args } of held.calls.splice(0)) callBack(args, error)
  releaseBytes(held)
  return error
}

function sizeOf(chunk: unknown): number {
  if (typeof chunk === 'string') return chunk.length
  return chunk instanceof Uint8Array ? chunk.byteLength : 0
}
