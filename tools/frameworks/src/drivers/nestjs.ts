import assert from 'node:assert/strict'
import { type Act, type Driver, routes } from '../acts.ts'
import { createVisitor } from '../visitor.ts'

const more: readonly Act[] = [
  {
    name: 'a guard refuses strangers and knows the user of the session',
    async run({ url }) {
      const visitor = createVisitor(url)
      assert.equal((await visitor.send('/account')).status, 401)
      await routes.logIn(visitor, 'alice')
      assert.match((await visitor.send('/account')).body, /alice/)
    }
  },
  {
    name: 'a change of @Session() is stored',
    async run({ url }) {
      const visitor = createVisitor(url)
      await routes.addItem(visitor, 'one')
      assert.equal((await visitor.send('/clear', { method: 'POST' })).status, 201)
      assert.deepEqual((await routes.view(visitor)).items, [])
    }
  },
  {
    name: 'server-sent events store what they change after the first one',
    async run({ url }) {
      const visitor = createVisitor(url)
      await routes.logIn(visitor, 'alice')
      const { status, body } = await visitor.send('/events')
      assert.equal(status, 200)
      assert.match(body, /data: first.*data: last/s)
      assert.equal((await routes.view(visitor)).streamed, true)
    }
  }
]

/** Plays its acts on both platforms of NestJS. */
export const nestjs: Driver = { ...routes, more, scripts: ['start', 'start:fastify'] }
