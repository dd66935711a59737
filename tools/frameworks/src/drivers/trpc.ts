import assert from 'node:assert/strict'
import { type Act, type Driver, readView, type SessionView } from '../acts.ts'
import { createVisitor, type Visitor, type VisitorResponse } from '../visitor.ts'

/** The header by which `httpBatchStreamLink` asks for a response that starts before its procedures have ended. */
const streamed = { 'trpc-accept': 'application/jsonl' }

function mutate(visitor: Visitor, procedure: string, input?: unknown): Promise<VisitorResponse> {
  return visitor.send(`/trpc/${procedure}`, { method: 'POST', json: input ?? null })
}

async function view(visitor: Visitor): Promise<SessionView> {
  const { status, body } = await visitor.send('/trpc/session')
  assert.equal(status, 200, body)
  const { result }: { result: { data: unknown } } = JSON.parse(body)
  return readView(JSON.stringify(result.data))
}

const more: readonly Act[] = [
  {
    name: 'the mutations of one batch share a session, and all of their writes survive',
    async run({ url }) {
      const visitor = createVisitor(url)
      const { status } = await visitor.send('/trpc/addItem,addItem?batch=1', { json: { 0: 'one', 1: 'two' } })
      assert.equal(status, 200)
      assert.deepEqual([...(await view(visitor)).items].sort(), ['one', 'two'])
    }
  },
  {
    name: 'a batch in which one mutation logs in and another one fails delivers the cookie of the login',
    async run({ url }) {
      const visitor = createVisitor(url)
      const { status } = await visitor.send('/trpc/login,addItem?batch=1', { json: { 0: 'alice', 1: 7 } })
      assert.equal(status, 207)
      assert.equal((await view(visitor)).user, 'alice')
    }
  },
  {
    name: 'a protected procedure refuses strangers and knows the user of the session',
    async run({ url }) {
      const visitor = createVisitor(url)
      assert.equal((await visitor.send('/trpc/me')).status, 401)
      await mutate(visitor, 'login', 'alice')
      assert.match((await visitor.send('/trpc/me')).body, /alice/)
    }
  },
  {
    name: 'a streamed batch stores what a query changes after its first value',
    async run({ url }) {
      const visitor = createVisitor(url)
      await mutate(visitor, 'login', 'alice')
      const { status, body } = await visitor.send('/trpc/progress?batch=1', { headers: streamed })
      assert.equal(status, 200, body)
      assert.match(body, /first.*last/s)
      assert.equal((await view(visitor)).streamed, true)
    }
  },
  {
    name: 'a login in a streamed batch is refused, and the session stays as it was',
    async run({ url }) {
      const visitor = createVisitor(url)
      await mutate(visitor, 'login', 'alice')
      const { body } = await visitor.send('/trpc/login?batch=1', { json: { 0: 'bob' }, headers: streamed })
      assert.match(body, /HEADERS_SENT|headers/)
      assert.equal((await view(visitor)).user, 'alice')
    }
  }
]

export const trpc: Driver = {
  logIn: (visitor, user) => mutate(visitor, 'login', user),
  addItem: (visitor, item) => mutate(visitor, 'addItem', item),
  stream: (visitor) => visitor.send('/trpc/watch', { headers: { accept: 'text/event-stream' } }),
  failAfterLogin: (visitor) => mutate(visitor, 'fail'),
  view,
  more
}
