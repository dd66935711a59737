import assert from 'node:assert/strict'
import { io, type Socket } from 'socket.io-client'
import { type Act, type Driver, readView, routes, type SessionView } from '../acts.ts'
import { createVisitor, type Visitor } from '../visitor.ts'

type Transport = 'websocket' | 'polling'

function open({ url, jar }: Visitor, transport: Transport, headers: Readonly<Record<string, string>> = {}): Socket {
  return io(url, {
    transports: [transport],
    extraHeaders: { origin: url, cookie: jar.header('/'), ...headers },
    forceNew: true,
    reconnection: false
  })
}

/** Runs `use` with a connected socket. */
async function withSocket<T>(socket: Socket, use: (socket: Socket) => Promise<T>): Promise<T> {
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('connect_error', reject)
    })
    return await use(socket)
  } finally {
    socket.close()
  }
}

async function read(socket: Socket): Promise<SessionView> {
  return readView(JSON.stringify(await socket.emitWithAck('read', null)))
}

function disconnection(socket: Socket): Promise<string> {
  return new Promise((resolve) => socket.once('disconnect', resolve))
}

const more: readonly Act[] = (['websocket', 'polling'] as const).flatMap(
  (transport) =>
    [
      {
        name: `a socket reads and writes the session of its visitor, by ${transport}`,
        async run({ url }) {
          const visitor = createVisitor(url)
          await routes.logIn(visitor, 'alice')
          await withSocket(open(visitor, transport), async (socket) => {
            await routes.addItem(visitor, 'one')
            await socket.emitWithAck('add', 'two')
            assert.deepEqual(await read(socket), { user: 'alice', items: ['one', 'two'], streamed: false })
          })
          assert.deepEqual((await routes.view(visitor)).items, ['one', 'two'])
        }
      },
      {
        name: `a logout disconnects the sockets of the session, and no others, by ${transport}`,
        async run({ url }) {
          const [alice, bob] = [createVisitor(url), createVisitor(url)]
          await routes.logIn(alice, 'alice')
          await routes.logIn(bob, 'bob')
          await withSocket(open(bob, transport), async (other) => {
            await withSocket(open(alice, transport), async (socket) => {
              const disconnected = disconnection(socket)
              await alice.send('/logout', { method: 'POST' })
              assert.equal(await disconnected, 'io server disconnect')
            })
            assert.equal((await read(other)).user, 'bob')
          })
        }
      },
      {
        name: `a login of another user disconnects the sockets of the first one, by ${transport}`,
        async run({ url }) {
          const visitor = createVisitor(url)
          await routes.logIn(visitor, 'alice')
          await withSocket(open(visitor, transport), async (socket) => {
            const disconnected = disconnection(socket)
            await routes.logIn(visitor, 'bob')
            await disconnected
          })
          await withSocket(open(visitor, transport), async (socket) => assert.equal((await read(socket)).user, 'bob'))
        }
      },
      {
        name: `strangers, and pages of another origin, get no socket, by ${transport}`,
        async run({ url }) {
          const visitor = createVisitor(url)
          await assert.rejects(withSocket(open(visitor, transport), read), /log in first/)
          await routes.logIn(visitor, 'alice')
          await assert.rejects(withSocket(open(visitor, transport, { origin: 'http://evil.example' }), read))
        }
      }
    ] satisfies Act[]
)

/** Its stream is a socket, which changes the session after the handshake. */
export const socketIo: Driver = {
  ...routes,
  async stream(visitor) {
    const stored = await withSocket(open(visitor, 'websocket'), (socket) => socket.emitWithAck('mark', null))
    return { status: stored === true ? 200 : 500, headers: new Headers(), cookies: [], body: JSON.stringify(stored) }
  },
  more
}
