import assert from 'node:assert/strict'
import { type Act, type Driver, readView, type SessionView } from '../acts.ts'
import { createVisitor, type Visitor, type VisitorResponse } from '../visitor.ts'

function request(visitor: Visitor, query: string, variables: object = {}): Promise<VisitorResponse> {
  return visitor.send('/graphql', { json: { query, variables } })
}

function subscribe(visitor: Visitor): Promise<VisitorResponse> {
  const query = 'subscription { progress }'
  return visitor.send('/graphql', { json: { query }, headers: { accept: 'text/event-stream' } })
}

async function view(visitor: Visitor): Promise<SessionView> {
  const { status, body } = await request(visitor, '{ session { user items streamed } }')
  assert.equal(status, 200, body)
  const { data }: { data: { session: unknown } } = JSON.parse(body)
  return readView(JSON.stringify(data.session))
}

const more: readonly Act[] = [
  {
    name: 'the mutations of one document run in order and share a session, also when one of them fails',
    async run({ url }) {
      const visitor = createVisitor(url)
      const fields = '{ a: addItem(item: "one") login(user: "bob") b: addItem(item: "two") fail }'
      const { status, body } = await request(visitor, `mutation ${fields}`)
      assert.equal(status, 200)
      assert.match(body, /"errors":/)
      assert.deepEqual(await view(visitor), { user: 'bob', items: ['one', 'two'], streamed: false })
    }
  },
  {
    name: 'queries and subscriptions that need a user refuse strangers',
    async run({ url }) {
      const visitor = createVisitor(url)
      assert.match((await request(visitor, '{ me }')).body, /UNAUTHENTICATED/)
      assert.match((await subscribe(visitor)).body, /UNAUTHENTICATED/)
      await request(visitor, 'mutation { login(user: "alice") }')
      assert.match((await request(visitor, '{ me }')).body, /alice/)
    }
  }
]

export const graphqlYoga: Driver = {
  logIn: (visitor, user) => request(visitor, 'mutation ($user: String!) { login(user: $user) }', { user }),
  addItem: (visitor, item) => request(visitor, 'mutation ($item: String!) { addItem(item: $item) }', { item }),
  stream: subscribe,
  failAfterLogin: (visitor) => request(visitor, 'mutation { fail }'),
  view,
  failureIn: 'body',
  more
}
