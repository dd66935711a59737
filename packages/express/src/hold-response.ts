import { applyHeaders, type CommitOptions, type HeaderList, isSessionError } from '@kvsession/core'
import { needsCommit } from '@kvsession/core/adapter'
import { emitDrain, noteDrainListeners } from './drain.ts'
import { answerError, cacheControlOf, reportLate } from './error-answer.ts'
import { freezeHeaders, headersSentError } from './frozen-headers.ts'
import { holdCall } from './held-calls.ts'
import { holdOf, pass, type ResponseHold, setHold } from './response-hold.ts'
import { applyHead, type ServerResponse } from './server-response.ts'
import type { SessionEntry } from './session-entry.ts'

/**
 * Holds the response back, whichever method the handler starts it with, until the sessions in `entries` are stored (I6).
 * Meanwhile `write` answers false, so that no more is queued than what does not listen.
 */
export function holdResponse(response: ServerResponse, entries: readonly SessionEntry[]): ResponseHold {
  const { write, end, writeHead, flushHeaders } = response
  const hold: ResponseHold = {
    response,
    entries,
    beneath: { write, end, writeHead, flushHeaders },
    phase: 'waiting',
    failed: false,
    sealed: false,
    complete: false,
    late: false,
    calls: [],
    heldBytes: 0,
    overflow: undefined,
    head: undefined,
    status: 0,
    refused: false,
    headers: undefined,
    drain: undefined,
    answer: 'none'
  }
  setHold(response, hold)
  // Shared functions: a closure per request and method costs the garbage collector tens of milliseconds under load.
  response.write = heldWrite
  response.end = heldEnd
  response.writeHead = heldWriteHead
  response.flushHeaders = heldFlushHeaders
  noteDrainListeners(hold)
  return hold
}

/** Somebody looks at a session. Once the headers are out, what is changed now needs a commit of its own. */
export function noteUse(hold: ResponseHold): void {
  if (hold.phase === 'waiting') return
  if (!hold.sealed && hold.phase !== 'held') {
    hold.sealed = true
    for (const { manager, session } of hold.entries) manager.responseHeaders(session)
  }
  if (hold.phase === 'done' && !hold.late) void storeAfterEnd(hold)
  hold.late = true
}

function heldWrite(this: ServerResponse, ...args: unknown[]): unknown {
  const hold = holdOf(this)
  if (passes(hold)) return pass(hold, 'write', args)
  holdCall(hold, 'write', args)
  hold.refused = true
  return false
}

function heldEnd(this: ServerResponse, ...args: unknown[]): unknown {
  const hold = holdOf(this)
  if (passes(hold)) {
    if (hold.phase === 'done' || !hold.entries.some(({ used }) => used)) {
      hold.phase = 'done'
      return pass(hold, 'end', args)
    }
    hold.phase = 'ending'
    void storeBeforeEnd(hold)
  }
  holdCall(hold, 'end', args)
  return this
}

function heldWriteHead(this: ServerResponse, ...args: unknown[]): unknown {
  const hold = holdOf(this)
  if (hold.phase === 'waiting' && mayStore(hold)) {
    applyHead(this, args)
    hold.head = typeof args[1] === 'string' ? args.slice(0, 2) : args.slice(0, 1)
  }
  const first = hold.phase === 'waiting'
  if (passes(hold)) return pass(hold, 'writeHead', args)
  // Some middlewares repeat a bare writeHead until they find the header in Node's internals.
  if (!first && hold.phase !== 'failed' && args.length > 1) throw headersSentError()
  return this
}

function heldFlushHeaders(this: ServerResponse, ...args: unknown[]): unknown {
  const hold = holdOf(this)
  if (passes(hold)) return pass(hold, 'flushHeaders', args)
  holdCall(hold, 'flushHeaders', args)
  return undefined
}

/** Whether the call at hand goes straight through. The first one decides, and starts the commit if it does not. */
function passes(hold: ResponseHold): boolean {
  if (hold.phase === 'waiting') {
    if (mayStore(hold)) {
      hold.phase = 'held'
      hold.status = hold.response.statusCode
      freezeHeaders(hold)
      void storeBeforeHeaders(hold)
    } else {
      hold.phase = 'open'
    }
  }
  return hold.phase === 'open' || hold.phase === 'done'
}

/** A session at which nobody looked has nothing to store and no header to send, unless its upkeep is due. */
function mayStore({ entries }: ResponseHold): boolean {
  return entries.some(({ used, session }) => used || needsCommit(session))
}

async function storeBeforeHeaders(hold: ResponseHold): Promise<void> {
  // One turn later, so that what the handler changes right after answering still counts.
  await undefined
  hold.complete = hold.calls.some(({ name }) => name === 'end')
  try {
    const facts = beginCommit(hold)
    const lists: HeaderList[] = []
    for (const entry of hold.entries) lists.push(await commit(entry, facts))
    if (hold.overflow) throw hold.overflow
    hold.phase = 'open'
    hold.response.statusCode = hold.status
    for (const list of lists) applyHeaders(list, hold.response)
    if (hold.head) pass(hold, 'writeHead', hold.head)
    replay(hold)
  } catch (error) {
    answerError(hold, error)
  }
}

/** Stores what changed since the headers went out, and only then lets the response end. */
async function storeBeforeEnd(hold: ResponseHold): Promise<void> {
  try {
    await storeLate(hold)
    if (hold.overflow) throw hold.overflow
    hold.phase = 'done'
    replay(hold)
  } catch (error) {
    answerError(hold, error)
  }
}

async function storeAfterEnd(hold: ResponseHold): Promise<void> {
  try {
    await storeLate(hold)
  } catch (error) {
    reportLate(error)
  }
}

async function storeLate(hold: ResponseHold): Promise<void> {
  await undefined
  try {
    const facts = beginCommit(hold)
    for (const entry of hold.entries) await commit(entry, facts)
  } catch (error) {
    // A new session can get no cookie any more. The core has raised an event; the response itself is in order.
    if (!isSessionError(error) || error.code !== 'HEADERS_SENT') throw error
  }
}

function beginCommit(hold: ResponseHold): CommitOptions {
  hold.sealed = true
  hold.late = false
  return new Facts(hold)
}

async function commit(entry: SessionEntry, facts: CommitOptions): Promise<HeaderList> {
  if (entry.ended === 'null') {
    await entry.session.destroy()
    entry.ended = 'gone'
  }
  const { headers } = await entry.manager.commit(entry.session, facts)
  return headers
}

/** What the response says. A class, because an accessor in a literal would cost 12 µs a request. */
class Facts implements CommitOptions {
  readonly failed: boolean
  readonly #response: ServerResponse

  constructor({ response, failed, status }: ResponseHold) {
    this.failed = failed || status >= 500
    this.#response = response
  }

  get cacheControl(): string | undefined {
    return cacheControlOf(this.#response)
  }
}

/** Makes the calls that were held, in order. */
function replay(hold: ResponseHold): void {
  let room = true
  hold.heldBytes = 0
  for (let call = hold.calls.shift(); call !== undefined; call = hold.calls.shift()) {
    if (call.name === 'end' && hold.phase === 'open') {
      if (!hold.complete) {
        hold.calls.unshift(call)
        hold.phase = 'ending'
        void storeBeforeEnd(hold)
        return
      }
      hold.phase = 'done'
    }
    const result = pass(hold, call.name, call.args)
    if (call.name === 'write') room = result !== false
  }
  if (hold.phase === 'open') hold.response.on('close', storeAtClose)
  else if (hold.late) void storeAfterEnd(hold)
  if (hold.refused && room) emitDrain(hold)
  hold.refused = false
}

/** The client has left a stream, which nobody may end now. */
function storeAtClose(this: ServerResponse): void {
  const hold = holdOf(this)
  if (hold.phase !== 'open') return
  hold.phase = 'done'
  void storeAfterEnd(hold)
}
