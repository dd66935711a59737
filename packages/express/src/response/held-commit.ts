import { applyHeaders, type CommitOptions, type HeaderList, isSessionError } from '@kvsession/core'
import { CommitFacts, type ResponseReader } from '@kvsession/core/adapter'
import { emitDrain } from './drain.ts'
import { reportLate, respondWithError } from './error-response.ts'
import { releaseBytes } from './held-calls.ts'
import { callOriginal, type HeldResponse, type HeldSession, heldResponseOf } from './held-response.ts'
import { readHeader, type ServerResponse } from './server-response.ts'

/** Stores what the handler changed, then sends the headers and replays the held calls. */
export async function storeBeforeHeaders(held: HeldResponse): Promise<void> {
  // One microtask later, so that a change right after the handler's call is still stored.
  await undefined
  held.complete = held.calls.some(({ name }) => name === 'end')
  try {
    const facts = beginCommit(held)
    const lists: HeaderList[] = []
    for (const one of held.sessions) lists.push((await commit(one, facts)).headers)
    if (held.overflow) throw held.overflow
    held.phase = 'open'
    held.response.statusCode = held.status
    for (const list of lists) applyHeaders(list, held.response)
    if (held.head) callOriginal(held, 'writeHead', held.head)
    replay(held)
  } catch (error) {
    respondWithError(held, error)
  }
}

/** Stores the changes made since the headers were sent, then lets the response end. */
export async function storeBeforeEnd(held: HeldResponse): Promise<void> {
  try {
    await storeLate(held)
    if (held.overflow) throw held.overflow
    held.phase = 'done'
    replay(held)
  } catch (error) {
    respondWithError(held, error)
  }
}

/** Stores changes made after the response ended or the client disconnected. Errors become process warnings. */
export async function storeAfterEnd(held: HeldResponse): Promise<void> {
  try {
    await storeLate(held)
  } catch (error) {
    reportLate(error)
  }
}

async function storeLate(held: HeldResponse): Promise<void> {
  await undefined
  try {
    const facts = beginCommit(held)
    for (const one of held.sessions) await commit(one, facts)
  } catch (error) {
    // It is too late for the cookie of a new session. The core has raised an event; the response itself is complete.
    if (!isSessionError(error) || error.code !== 'HEADERS_SENT') throw error
  }
}

const reader: ResponseReader<HeldResponse> = {
  header: ({ response }, name) => readHeader(response, name),
  status: ({ status }) => status
}

function beginCommit(held: HeldResponse): CommitOptions {
  held.sealed = true
  held.late = false
  return new CommitFacts(held, reader, { failed: held.failed || held.status >= 500 })
}

function commit(one: HeldSession, facts: CommitOptions): Promise<{ readonly headers: HeaderList }> {
  return one.ended === 'null' ? destroyAndCommit(one, facts) : one.manager.commit(one.session, facts)
}

async function destroyAndCommit(one: HeldSession, facts: CommitOptions): Promise<{ readonly headers: HeaderList }> {
  await one.session.destroy()
  one.ended = 'gone'
  return one.manager.commit(one.session, facts)
}

/** Makes the held calls in order. */
function replay(held: HeldResponse): void {
  let accepting = true
  releaseBytes(held)
  for (let call = held.calls.shift(); call !== undefined; call = held.calls.shift()) {
    if (call.name === 'end' && held.phase === 'open') {
      if (!held.complete) {
        held.calls.unshift(call)
        held.phase = 'ending'
        void storeBeforeEnd(held)
        return
      }
      held.phase = 'done'
    }
    const result = callOriginal(held, call.name, call.args)
    if (call.name === 'write') accepting = result !== false
  }
  if (held.phase === 'open') held.response.on('close', storeAtClose)
  else if (held.late) void storeAfterEnd(held)
  if (held.refused && accepting) emitDrain(held)
  held.refused = false
}

/** Runs when the client disconnects from an open response: the handler may then never end it. */
function storeAtClose(this: ServerResponse): void {
  const held = heldResponseOf(this)
  if (held.phase !== 'open') return
  held.phase = 'done'
  void storeAfterEnd(held)
}
