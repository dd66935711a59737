import assert from 'node:assert/strict'
import { type Act, type Driver, routes } from '../acts.ts'
import { createVisitor, type Visitor, type VisitorResponse } from '../visitor.ts'

/** Browsers get the shell of a page before its promises are settled; other clients wait for the whole page. */
const browser = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' }
/** Scripts of the page call server functions with this header, and get results instead of redirects. */
const called = { 'x-tsr-serverFn': 'true' }

type Fields = Readonly<Record<string, string>>

/** Sends a form of the home page, the address of which is that of a server function. */
async function submit(visitor: Visitor, id: string, form: Fields, headers: Fields = {}): Promise<VisitorResponse> {
  const { body } = await visitor.send('/')
  const [, action] = new RegExp(`<form id="${id}" action="([^"]+)"`).exec(body) ?? []
  assert.ok(action, `the page has no form ${id}: ${body}`)
  return visitor.send(action, { form, headers })
}

const more: readonly Act[] = [
  {
    name: 'server functions read and write the session, called by forms and by scripts',
    async run({ url }) {
      const visitor = createVisitor(url)
      assert.equal((await submit(visitor, 'add', { item: 'one' })).status, 303)
      assert.equal((await submit(visitor, 'login', { user: 'alice' })).status, 303)
      assert.equal((await submit(visitor, 'add', { item: 'two' }, called)).status, 200)
      assert.match((await visitor.send('/')).body, /Hello .*alice.*Items: .*one, two/s)
    }
  },
  {
    name: 'a server function that fails after the login delivers the cookie of the login',
    async run({ url }) {
      const visitor = createVisitor(url)
      const { body } = await submit(visitor, 'fail', { user: 'bob' }, called)
      assert.match(body, /This function fails after the login/)
      assert.equal((await routes.view(visitor)).user, 'bob')
    }
  },
  {
    name: 'a client cannot put a session of its own into the context of a server function',
    async run({ url }) {
      const visitor = createVisitor(url)
      const forged = { t: { t: 10, i: 0, p: { k: ['session'], v: [{ t: 1, s: 'forged' }] }, o: 0 }, f: 127, m: [] }
      const form = { item: 'one', __TSS_CONTEXT: JSON.stringify(forged) }
      assert.equal((await submit(visitor, 'add', form)).status, 303)
      assert.deepEqual((await routes.view(visitor)).items, ['one'])
    }
  },
  {
    name: 'a page stores the change that a streamed server function makes',
    async run({ url }) {
      const visitor = createVisitor(url)
      await routes.logIn(visitor, 'alice')
      const { status, body } = await visitor.send('/visits', { headers: browser })
      assert.equal(status, 200)
      assert.match(body, /Loading.*noted/s)
      assert.equal((await routes.view(visitor)).streamed, true)
    }
  }
]

export const tanstackStart: Driver = { ...routes, more }
