import assert from 'node:assert/strict'
import { type Act, type Driver, routes } from '../acts.ts'
import { createVisitor, type Visitor, type VisitorResponse } from '../visitor.ts'
import { waitForOutput } from '../wait-for-output.ts'

/** What a browser sends with a form when no script runs. */
const page = { accept: 'text/html' }

const more: readonly Act[] = [
  {
    name: 'a form action logs in and redirects, with and without scripts in the browser',
    async run({ url }) {
      const visitor = behindProxy(createVisitor(url))
      const { status, headers } = await visitor.send('/?/login', { form: { user: 'alice' }, headers: page })
      assert.deepEqual([status, headers.get('location')], [303, '/'])
      assert.match((await visitor.send('/')).body, /Hello alice/)
      const enhanced = behindProxy(createVisitor(url))
      const { body, cookies } = await enhanced.send('/?/login', {
        form: { user: 'carol' },
        headers: { accept: 'application/json', 'x-sveltekit-action': 'true' }
      })
      assert.deepEqual([JSON.parse(body).type, cookies.length], ['redirect', 1])
      const data = await enhanced.send('/__data.json')
      assert.match(data.body, /carol/)
      assert.match(data.headers.get('cache-control') ?? '', /private/)
    }
  },
  {
    name: 'a form action that fails after the login still delivers the cookie of the login',
    async run({ driver, url }) {
      const visitor = createVisitor(url)
      const { status } = await behindProxy(visitor).send('/?/login', {
        form: { user: 'mallory' },
        headers: page
      })
      assert.equal(status, 403)
      assert.equal((await driver.view(visitor)).user, 'mallory')
    }
  },
  {
    name: 'a streamed promise stores a change for an existing session, and reports it for a new visitor',
    async run({ driver, url, output }) {
      const visitor = createVisitor(url)
      await driver.logIn(visitor, 'alice')
      assert.match((await behindProxy(visitor).send('/streamed')).body, /Please wait.*late result/s)
      assert.equal((await driver.view(visitor)).streamed, true)
      assert.doesNotMatch(output(), /dropped/)
      const stranger = createVisitor(url)
      assert.deepEqual((await behindProxy(stranger).send('/streamed')).cookies, [])
      assert.equal((await driver.view(stranger)).streamed, false)
      await waitForOutput(output, /dropped.*late/s)
    }
  },
  {
    name: 'requests that a load function makes to the server share the session, and set one cookie',
    async run({ driver, url }) {
      const visitor = createVisitor(url)
      const { body, cookies } = await behindProxy(visitor).send('/cart')
      assert.match(body, /apple, pear|pear, apple/)
      assert.equal(cookies.length, 1)
      assert.deepEqual([...(await driver.view(visitor)).items].sort(), ['apple', 'pear'])
    }
  },
  {
    name: 'a prerendered page is sent without a cookie, and a form of another site is refused',
    async run({ url }) {
      const visitor = behindProxy(createVisitor(url))
      const { body, cookies } = await visitor.send('/about')
      assert.match(body, /for all visitors/)
      assert.deepEqual(cookies, [])
      const forged = await visitor.send('/?/login', {
        form: { user: 'eve' },
        headers: { origin: 'https://example.com' }
      })
      assert.deepEqual([forged.status, forged.cookies], [403, []])
    }
  }
]

/** adapter-node takes the protocol from a header of a proxy, and takes every connection for https without it. */
function behindProxy(visitor: Visitor): Visitor {
  const proxy = { 'x-forwarded-proto': 'http', 'x-forwarded-host': new URL(visitor.url).host }
  return {
    ...visitor,
    send: (path, request): Promise<VisitorResponse> =>
      visitor.send(path, { ...request, headers: { ...proxy, ...request?.headers } })
  }
}

export const sveltekit: Driver = {
  logIn: (visitor, user) => routes.logIn(behindProxy(visitor), user),
  addItem: (visitor, item) => routes.addItem(behindProxy(visitor), item),
  stream: (visitor) => routes.stream(behindProxy(visitor)),
  failAfterLogin: (visitor) => routes.failAfterLogin(behindProxy(visitor)),
  view: (visitor) => routes.view(behindProxy(visitor)),
  more
}
