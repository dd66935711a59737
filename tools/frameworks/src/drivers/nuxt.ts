import assert from 'node:assert/strict'
import { type Act, type Driver, routes } from '../acts.ts'
import { createVisitor } from '../visitor.ts'
import { waitForOutput } from '../wait-for-output.ts'

/** What a browser sends for a page. */
const page = { accept: 'text/html' }

const more: readonly Act[] = [
  {
    name: 'a form logs in and redirects, and the page shows the user that the server rendered',
    async run({ url, driver }) {
      const visitor = createVisitor(url)
      await driver.addItem(visitor, 'apple')
      const { status, headers } = await visitor.send('/login', { form: { user: 'alice' } })
      assert.deepEqual([status, headers.get('location')], [303, '/'])
      const { body, headers: caching } = await visitor.send('/', { headers: page })
      assert.match(body, /Hello alice.*apple/s)
      assert.match(caching.get('cache-control') ?? '', /private/)
    }
  },
  {
    name: 'requests that a page makes to the server share the session, and set one cookie',
    async run({ url, driver }) {
      const visitor = createVisitor(url)
      const { body, cookies } = await visitor.send('/cart', { headers: page })
      assert.match(body, /apple, pear|pear, apple/)
      assert.equal(cookies.length, 1)
      assert.deepEqual([...(await driver.view(visitor)).items].sort(), ['apple', 'pear'])
    }
  },
  {
    name: 'the error page that follows a login shows the user, and delivers the cookie of the login',
    async run({ url, driver }) {
      const visitor = createVisitor(url)
      await driver.addItem(visitor, 'before')
      const { status, body, cookies } = await visitor.send('/broken', { headers: page })
      assert.deepEqual([status, cookies.length], [418, 1])
      assert.match(body, /went wrong, carol/)
      assert.equal((await driver.view(visitor)).user, 'carol')
    }
  },
  {
    name: 'a prerendered page is sent without a cookie',
    async run({ url }) {
      const { status, body, cookies } = await createVisitor(url).send('/about')
      assert.deepEqual([status, cookies], [200, []])
      assert.match(body, /for all visitors/)
    }
  },
  {
    name: 'the first change of a new visitor in a stream is refused with a message',
    async run({ url, driver, output }) {
      const visitor = createVisitor(url)
      assert.deepEqual((await driver.stream(visitor)).cookies, [])
      assert.equal((await driver.view(visitor)).streamed, false)
      await waitForOutput(output, /commitFailed.*HEADERS_SENT/s)
    }
  }
]

export const nuxt: Driver = { ...routes, more }
