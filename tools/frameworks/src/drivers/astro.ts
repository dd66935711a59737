import assert from 'node:assert/strict'
import { type Act, type Driver, routes } from '../acts.ts'
import { createVisitor } from '../visitor.ts'
import { waitForOutput } from '../wait-for-output.ts'

const more: readonly Act[] = [
  {
    name: 'a form of a page logs in and redirects, and the page shows the user',
    async run({ url }) {
      const visitor = createVisitor(url)
      const { status, headers } = await visitor.send('/', { form: { user: 'alice' } })
      assert.deepEqual([status, headers.get('location')], [303, '/'])
      const page = await visitor.send('/')
      assert.match(page.body, /Hello alice/)
      assert.match(page.headers.get('cache-control') ?? '', /private/)
    }
  },
  {
    name: 'the error page that follows a login shows the user, and delivers the cookie of the login',
    async run({ driver, url, output }) {
      const visitor = createVisitor(url)
      const { status, body, cookies } = await visitor.send('/', { form: { user: 'mallory' } })
      assert.deepEqual([status, cookies.length], [500, 1])
      assert.match(body, /went wrong, mallory/)
      assert.match(output(), /This page fails after the login/)
      assert.equal((await driver.view(visitor)).user, 'mallory')
    }
  },
  {
    name: 'a rewrite keeps the session, with the login before it',
    async run({ driver, url }) {
      const visitor = createVisitor(url)
      const { body, cookies } = await visitor.send('/rewritten')
      assert.match(body, /Hello rewritten/)
      assert.equal(cookies.length, 1)
      assert.equal((await driver.view(visitor)).user, 'rewritten')
    }
  },
  {
    name: 'a component that runs late stores a change for an existing session, and reports it for a new visitor',
    async run({ driver, url, output }) {
      const visitor = createVisitor(url)
      await driver.logIn(visitor, 'alice')
      assert.match((await visitor.send('/streamed')).body, /first part.*late result/s)
      assert.equal((await driver.view(visitor)).streamed, true)
      assert.doesNotMatch(output(), /dropped/)
      const stranger = createVisitor(url)
      assert.deepEqual((await stranger.send('/streamed')).cookies, [])
      assert.equal((await driver.view(stranger)).streamed, false)
      await waitForOutput(output, /dropped.*late/s)
    }
  },
  {
    name: 'a prerendered page is sent without a cookie, and a form of another site is refused',
    async run({ url }) {
      const visitor = createVisitor(url)
      const { body, cookies } = await visitor.send('/about')
      assert.match(body, /for all visitors/)
      assert.deepEqual(cookies, [])
      const forged = await visitor.send('/', { form: { user: 'eve' }, headers: { origin: 'https://example.com' } })
      assert.deepEqual([forged.status, forged.cookies], [403, []])
    }
  }
]

export const astro: Driver = { ...routes, more }
