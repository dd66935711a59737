import { createSessionManager, type KeyValueStore, type SessionManager } from '@kvsession/core'

/** Requests that go on during outages of the server, with a record of the values that each session may have. */
export interface OutageTraffic {
  readonly manager: SessionManager
  /** The cookie of one of the sessions. */
  readonly cookie: string
  /** Changes acknowledged so far. */
  served(): number
  /** Requests that failed so far. */
  failed(): number
  /** Values that were read and must not be there. */
  wrong(): readonly string[]
  /** Ends the requests and reads every session once more. Returns how many sessions were ended and stayed ended. */
  settle(): Promise<number>
}

/** What is known of the count in one session: after writes of unknown outcome, only its bounds. */
interface Client {
  readonly cookie: string
  acknowledged: number
  least: number
  most: number
  ended: boolean
}

const clientCount = 12
/** Milliseconds that a request waits for a frozen server. */
const storeTimeout = 400

export async function startTraffic(store: KeyValueStore): Promise<OutageTraffic> {
  const manager = createSessionManager({ store, secret: 'a secret for tests that is long enough', storeTimeout })
  const wrong: string[] = []
  const clients: Client[] = []
  await recovered(store)
  for (let index = 0; index < clientCount; index++) {
    clients.push({ cookie: await begin(manager), acknowledged: 0, least: 0, most: 0, ended: false })
  }
  let stopped = false
  let failed = 0

  function check(client: Client, found: unknown): void {
    const count = typeof found === 'number' ? found : Number.NaN
    if (count >= client.least && count <= client.most) client.least = count
    else wrong.push(`${client.least} to ${client.most} became ${found}`)
  }

  async function change(client: Client, index: number): Promise<void> {
    if (client.ended) return nextTurn()
    try {
      const session = await manager.open(client.cookie)
      if (index % 4 === 3 && client.least >= 20) {
        await session.destroy()
        client.ended = true
        return
      }
      check(client, session.data.count)
      client.most++
      await session.update((data) => {
        data.count = Number(data.count) + 1
      })
      check(client, session.data.count)
      // No earlier write can be applied any more: it expects a value that is gone.
      client.most = client.least
      client.acknowledged++
    } catch {
      failed++
      await nextTurn()
    }
  }

  const traffic = clients.map(async (client, index) => {
    while (!stopped) await change(client, index)
  })

  return {
    manager,
    cookie: clients[0]?.cookie ?? '',
    served: () => clients.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
    failed: () => failed,
    wrong: () => wrong,
    async settle() {
      stopped = true
      await Promise.all(traffic)
      await recovered(store)
      for (const client of clients) {
        const session = await manager.open(client.cookie)
        if (!client.ended) check(client, session.data.count)
        else if (!session.isNew) wrong.push('a session that was ended is live')
      }
      await manager.close()
      return clients.filter(({ ended }) => ended).length
    }
  }
}

/** Creates a session with a count; returns its cookie. */
async function begin(manager: SessionManager): Promise<string> {
  const session = await manager.open('')
  session.data.count = 0
  const { headers } = await manager.commit(session)
  return headers.find(([name]) => name.toLowerCase() === 'set-cookie')?.[1].split(';')[0] ?? ''
}

/** Resolves when the store has answered twenty times: broken connections are gone from the pool. */
async function recovered(store: KeyValueStore): Promise<void> {
  for (let answers = 0; answers < 20; ) {
    const answered = await Promise.race([
      Promise.resolve(store.get('recovered')).then(
        () => true,
        () => false
      ),
      new Promise<false>((resolve) => setTimeout(resolve, 500, false))
    ])
    if (answered) answers++
    else await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
