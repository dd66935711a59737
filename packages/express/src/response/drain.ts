import { type HeldResponse, heldResponseOf } from './held-response.ts'
import type { ServerResponse } from './server-response.ts'

/**
 * Records `drain` listeners. A middleware mounted before us may register them elsewhere (compression passes them to its
 * own stream), so that an event of the response does not reach them: after a held write, the writer would wait forever.
 */
export function noteDrainListeners(held: HeldResponse): void {
  const { response } = held
  if (!Object.hasOwn(response, 'on')) return
  held.drain = { on: response.on, listeners: new Set() }
  response.on = noteAndListen
}

function noteAndListen(this: ServerResponse, event: string, listener: (...args: unknown[]) => void): unknown {
  const { drain } = heldResponseOf(this)
  if (event === 'drain') drain?.listeners.add(listener)
  return drain && Reflect.apply(drain.on, this, [event, listener])
}

/** Tells writers that received false from `write` that they may continue. */
export function emitDrain({ response, drain }: HeldResponse): void {
  const reached = new Set<unknown>(response.rawListeners('drain'))
  response.emit('drain')
  for (const listener of drain?.listeners ?? []) if (!reached.has(listener)) Reflect.apply(listener, response, [])
  drain?.listeners.clear()
}
