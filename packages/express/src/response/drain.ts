import { type HeldResponse, heldResponseOf } from './held-response.ts'
import type { ServerResponse } from './server-response.ts'

/**
 * Notes `drain` listeners. A middleware mounted before us may keep them to itself (compression gives them to its own
 * stream), where an event of the response does not reach them: their writer would wait for ever for a held write.
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

/** Tells the writers whose `write` returned false that they may go on. */
export function emitDrain({ response, drain }: HeldResponse): void {
  const reached = new Set<unknown>(response.rawListeners('drain'))
  response.emit('drain')
  for (const listener of drain?.listeners ?? []) if (!reached.has(listener)) Reflect.apply(listener, response, [])
  drain?.listeners.clear()
}
