import assert from 'node:assert/strict'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { type Act, type Driver, readView, routes, type SessionView } from '../acts.ts'
import { createVisitor, type Visitor } from '../visitor.ts'

/** @throws Error with the status, if the server refuses the upgrade. */
async function open({ url, jar }: Visitor, origin = url): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'), { origin, headers: { cookie: jar.header('/') } })
  await once(socket, 'open')
  return socket
}

async function add(socket: WebSocket, item: string): Promise<SessionView> {
  const answered = once(socket, 'message')
  socket.send(item)
  const [message] = await answered
  return readView(String(message))
}

const more: readonly Act[] = [
  {
    name: 'strangers, and pages of another origin, get no socket',
    async run({ url }) {
      const visitor = createVisitor(url)
      await assert.rejects(open(visitor), /401/)
      await routes.logIn(visitor, 'alice')
      await assert.rejects(open(visitor, 'http://evil.example'), /403/)
    }
  },
  {
    name: 'a socket reads and writes the session of its visitor',
    async run({ url }) {
      const visitor = createVisitor(url)
      await routes.logIn(visitor, 'alice')
      const socket = await open(visitor)
      await routes.addItem(visitor, 'one')
      assert.deepEqual(await add(socket, 'two'), { user: 'alice', items: ['one', 'two'], streamed: true })
      socket.terminate()
      assert.deepEqual((await routes.view(visitor)).items, ['one', 'two'])
    }
  },
  {
    name: 'a logout, and a login of another user, close the sockets of the session',
    async run({ url }) {
      for (const path of ['/logout', '/login']) {
        const visitor = createVisitor(url)
        await routes.logIn(visitor, 'alice')
        const socket = await open(visitor)
        const closed = once(socket, 'close')
        await visitor.send(path, { form: { user: 'bob' } })
        assert.equal((await closed)[0], 4401)
      }
    }
  }
]

/** Its stream is a socket, which changes the session after the upgrade. */
export const ws: Driver = {
  ...routes,
  async stream(visitor) {
    const socket = await open(visitor)
    const view = await add(socket, 'streamed')
    socket.terminate()
    return { status: 200, headers: new Headers(), cookies: [], body: JSON.stringify(view) }
  },
  more
}
