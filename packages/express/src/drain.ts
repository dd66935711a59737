import { holdOf, type ResponseHold } from './response-hold.ts'
import type { ServerResponse } from './server-response.ts'

/**
 * A middleware mounted before us may keep `drain` listeners to itself (compression gives them to its own stream), where
 * an event of the response does not reach them. So that nobody waits for ever for a write that we refused, note them.
 */
export function noteDrainListeners(hold: ResponseHold): void {
  const { response } = hold
  if (!Object.hasOwn(response, 'on')) return
  hold.drain = { on: response.on, listeners: new Set() }
  response.on = noteAndListen
}

function noteAndListen(this: ServerResponse, event: string, listener: (...args: unknown[]) => void): unknown {
  const { drain } = holdOf(this)
  if (event === 'drain') drain?.listeners.add(listener)
  return drain && Reflect.apply(drain.on, this, [event, listener])
}

/** Tells whoever was refused a write that there is room again. */
export function emitDrain({ response, drain }: ResponseHold): void {
  const reached = new Set<unknown>(response.rawListeners('drain'))
  response.emit('drain')
  for (const listener of drain?.listeners ?? []) if (!reached.has(listener)) Reflect.apply(listener, response, [])
  drain?.listeners.clear()
}
