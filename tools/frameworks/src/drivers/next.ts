import assert from 'node:assert/strict'
import { type Act, type Driver, routes } from '../acts.ts'
import { createVisitor, type Visitor, type VisitorResponse } from '../visitor.ts'

/** The server action of a form, by the name under which a browser submits it. */
interface Form {
  /** A path. */
  readonly page: string
  /** `$ACTION_ID_…`, as Next.js names a hidden field. */
  readonly actionField: string
}

const more: readonly Act[] = [
  {
    name: 'a page shows the user, sets no cookie, and no shared cache may keep it',
    async run({ url }) {
      const visitor = createVisitor(url)
      assert.match(titleOf(await visitor.send('/')), /Hello, stranger/)
      await visitor.send('/login', { form: { user: 'alice' } })
      const page = await visitor.send('/')
      assert.match(titleOf(page), /Hello, alice/)
      assert.deepEqual(page.cookies, [])
      assert.match(page.headers.get('cache-control') ?? '', /private|no-store/)
    }
  },
  {
    name: 'a form without scripts logs in, and the page of the same response shows the user',
    async run({ url }) {
      const visitor = createVisitor(url)
      const response = await submit(visitor, await findForm(visitor, '/checks', 'stay'), { user: 'alice' })
      assert.equal(response.status, 200, response.body)
      assert.match(titleOf(response), /Hello, alice/)
      await assertLoggedIn(visitor, response, 'alice')
    }
  },
  {
    name: 'a form without scripts logs in and redirects, shows "not found", or fails: the cookie is delivered',
    async run({ url }) {
      for (const [name, status] of [
        ['goElsewhere', 303],
        ['findNothing', 404],
        ['fail', 500]
      ] as const) {
        const visitor = createVisitor(url)
        const response = await submit(visitor, await findForm(visitor, '/checks', name), { user: 'alice' })
        assert.equal(response.status, status, `${name}: ${response.body}`)
        await assertLoggedIn(visitor, response, 'alice')
      }
    }
  },
  {
    name: 'a form that a script submits logs in, also if it redirects, shows "not found", or fails',
    async run({ url }) {
      for (const [name, status] of [
        ['stay', 200],
        ['goElsewhere', 200],
        ['findNothing', 404],
        ['fail', 500]
      ] as const) {
        const visitor = createVisitor(url)
        const response = await submitByScript(visitor, await findForm(visitor, '/checks', name), { user: 'alice' })
        assert.equal(response.status, status, `${name}: ${response.body}`)
        await assertLoggedIn(visitor, response, 'alice')
      }
    }
  },
  {
    name: 'a form without scripts logs out, and the page of the same response shows a stranger',
    async run({ url }) {
      const visitor = createVisitor(url)
      await visitor.send('/login', { form: { user: 'alice' } })
      const response = await submit(visitor, await findForm(visitor, '/checks', 'logOut'), {})
      assert.match(titleOf(response), /Hello, stranger/)
      assert.equal(visitor.jar.header('/'), '')
    }
  },
  {
    name: 'an action that changes data alone sets no cookie, and refresh() shows the data in the same response',
    async run({ url }) {
      const visitor = createVisitor(url)
      await visitor.send('/login', { form: { user: 'alice' } })
      const form = await findForm(visitor, '/', 'Add')
      for (const [send, item] of [
        [submit, 'tea'],
        [submitByScript, 'milk']
      ] as const) {
        const { status, cookies, body } = await send(visitor, form, { item })
        assert.equal(status, 200, body)
        assert.deepEqual(cookies, [])
        assert.ok(body.includes(item), body)
      }
      assert.deepEqual((await next.view(visitor)).items, ['tea', 'milk'])
    }
  },
  {
    name: 'proxy.ts sends a stranger away from a page, and lets a user in',
    async run({ url }) {
      const visitor = createVisitor(url)
      const refused = await visitor.send('/account')
      assert.equal(refused.status, 307)
      assert.equal(new URL(refused.headers.get('location') ?? '', url).href, `${url}/`)
      await visitor.send('/login', { form: { user: 'alice' } })
      const account = await visitor.send('/account')
      assert.match(titleOf(account), /Account of alice/)
      assert.deepEqual(account.cookies, [])
    }
  },
  {
    name: 'a route handler gets its parameters, and may call notFound() and redirect() after a login',
    async run({ url }) {
      const visitor = createVisitor(url)
      const missing = await visitor.send('/users/alice', { form: { user: 'alice' } })
      assert.equal(missing.status, 404)
      await assertLoggedIn(visitor, missing, 'alice')
      assert.deepEqual(JSON.parse((await visitor.send('/users/alice')).body), { user: 'alice' })
      const redirected = await visitor.send('/users/bob', { form: { user: 'bob' } })
      assert.equal(redirected.status, 303)
      assert.equal(new URL(redirected.headers.get('location') ?? '', url).pathname, '/users/bob')
      await assertLoggedIn(visitor, redirected, 'bob')
    }
  },
  {
    name: 'a page that writes to the session fails with a message',
    async run({ url, output }) {
      const { status } = await createVisitor(url).send('/checks/write')
      assert.equal(status, 500)
      assert.match(output(), /HEADERS_SENT/)
    }
  }
]

/** The routes of the others, and server actions, which a form reaches with and without scripts. */
export const next: Driver = { ...routes, more }

/** @param label of the form's button. */
async function findForm(visitor: Visitor, page: string, label: string): Promise<Form> {
  const { body } = await visitor.send(page)
  const form = body.split('<form').find((part) => part.includes(`>${label}</button>`))
  const [actionField] = /\$ACTION_ID_\w+/.exec(form ?? '') ?? []
  assert.ok(actionField !== undefined, `${page} has no form ${label}: ${body}`)
  return { page, actionField }
}

type Fields = Readonly<Record<string, string>>

function submit(visitor: Visitor, { page, actionField }: Form, fields: Fields): Promise<VisitorResponse> {
  return visitor.send(page, { multipart: toFormData([[actionField, ''], ...Object.entries(fields)]) })
}

/** As React does in the browser: the action is a header, and its list of arguments, `0`, refers to the fields of form 1. */
function submitByScript(visitor: Visitor, { page, actionField }: Form, fields: Fields): Promise<VisitorResponse> {
  const numbered = Object.entries(fields).map(([name, value]) => [`_1_${name}`, value] as const)
  return visitor.send(page, {
    headers: { 'next-action': actionField.replace('$ACTION_ID_', ''), accept: 'text/x-component' },
    multipart: toFormData([...numbered, ['0', '["$K1"]']])
  })
}

function toFormData(fields: readonly (readonly [name: string, value: string])[]): FormData {
  const data = new FormData()
  for (const [name, value] of fields) data.append(name, value)
  return data
}

async function assertLoggedIn(visitor: Visitor, { cookies }: VisitorResponse, user: string): Promise<void> {
  assert.notDeepEqual(cookies, [], 'the login sets no cookie')
  assert.equal((await next.view(visitor)).user, user)
}

/** The heading of a page, without the comments by which React separates strings. */
function titleOf({ status, body }: VisitorResponse): string {
  const [, heading = ''] = /<h1>(.*?)<\/h1>/s.exec(body) ?? []
  assert.notEqual(heading, '', `no heading: ${status} ${body}`)
  return heading.replaceAll(/<!--.*?-->/g, '')
}
