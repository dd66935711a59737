import assert from 'node:assert/strict'
import { type Act, type Driver, routes } from '../acts.ts'
import { createVisitor } from '../visitor.ts'

/** Browsers get the shell of a page before its promises are settled; other clients wait for the whole page. */
const browser = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' }

const more: readonly Act[] = [
  {
    name: 'a client-side navigation carries the cookie of a login, also when the action fails after it',
    async run({ url }) {
      const visitor = createVisitor(url)
      const { status, body } = await visitor.send('/login.data', { form: { user: 'alice' } })
      assert.equal(status, 202)
      assert.match(body, /redirect/)
      assert.equal((await routes.view(visitor)).user, 'alice')
      assert.equal((await visitor.send('/fail.data', { form: {} })).status, 500)
      assert.equal((await routes.view(visitor)).user, 'bob')
    }
  },
  {
    name: 'a page stores the change that a streamed promise of its loader makes',
    async run({ url }) {
      for (const path of ['/visits', '/visits.data']) {
        const visitor = createVisitor(url)
        await routes.logIn(visitor, 'alice')
        const { status, body } = await visitor.send(path, { headers: browser })
        assert.equal(status, 200)
        assert.match(body, path === '/visits' ? /Loading.*noted/s : /"late".*noted/s)
        assert.equal((await routes.view(visitor)).streamed, true)
      }
    }
  },
  {
    name: 'a page whose action fails shows its error boundary and keeps the session',
    async run({ url }) {
      const visitor = createVisitor(url)
      await routes.logIn(visitor, 'alice')
      await visitor.send('/?index', { form: { item: 'one' } })
      const { status, body } = await visitor.send('/?index', { form: { item: '' } })
      assert.equal(status, 500)
      assert.match(body, /This page failed/)
      assert.match((await visitor.send('/')).body, /Hello .*alice.*Items: .*one/s)
    }
  }
]

export const reactRouter: Driver = { ...routes, more }
