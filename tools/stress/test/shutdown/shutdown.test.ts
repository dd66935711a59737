import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Framework, frameworks } from '../../src/applications.ts'
import { type ProcessEnd, startProcess, type TestProcess } from '../../src/processes/test-process.ts'
import { type SharedStore, type StoreServer, storeServers } from '../../src/stores/store-servers.ts'
import { describeStore } from '../stores/describe-store.ts'
import { type Client, countUntilGone, createClients, type Load, readCount } from './clients.ts'
import type { EndingCommands, Flaw } from './ending-process.ts'

const script = join(import.meta.dirname, 'ending-process.ts')

function start(
  store: SharedStore,
  address: string,
  framework: Framework,
  flaw?: Flaw
): Promise<TestProcess<EndingCommands>> {
  return startProcess(script, { args: [store, address, framework, flaw ?? ''] })
}

/** Sends SIGTERM. Returns how the process ended. */
async function terminate(application: TestProcess<EndingCommands>): Promise<Pick<ProcessEnd, 'code' | 'signal'>> {
  application.signal('SIGTERM')
  const { code, signal } = await application.ended
  return { code, signal }
}

/** Clients count on one process; after 240 answers it gets SIGTERM; the next process reads what is stored. */
async function endUnderLoad(store: SharedStore, address: string, framework: Framework, flaw?: Flaw) {
  const clients: readonly Client[] = createClients(12)
  const load: Load = { answers: 0, failures: [], ends: [] }
  const application = await start(store, address, framework, flaw)
  let ended: ReturnType<typeof terminate> | undefined
  let answersBefore = 0
  await countUntilGone(await application.call('port'), clients, load, () => {
    if (ended || load.answers < 240) return
    answersBefore = load.answers
    ended = terminate(application)
  })
  const how = await ended
  const next = await start(store, address, framework)
  const port = await next.call('port')
  const stored: number[] = []
  for (const client of clients) stored.push(await readCount(port, client, load))
  return {
    how,
    failures: load.failures,
    ends: [...new Set(load.ends)],
    answersAfterSignal: load.answers - answersBefore,
    acknowledged: clients.map(({ acknowledged }) => acknowledged),
    stored,
    howIdle: await terminate(next)
  }
}

type Outcome = Awaited<ReturnType<typeof endUnderLoad>>

function checkOutcome({ how, howIdle, failures, stored, acknowledged, answersAfterSignal }: Outcome): void {
  const inGoodOrder = { code: 0, signal: null }
  expect({ how, howIdle, failures }, 'ends of the processes, and failed requests').toEqual({
    how: inGoodOrder,
    howIdle: inGoodOrder,
    failures: []
  })
  expect(stored, 'counts that are stored, and those that were acknowledged').toEqual(acknowledged)
  expect(answersAfterSignal).toBeGreaterThan(0)
}

function describeOutcome({ acknowledged, answersAfterSignal, ends }: Outcome): string {
  const sum = acknowledged.reduce((total, one) => total + one, 0)
  return `${sum} changes acknowledged, ${answersAfterSignal} of them after SIGTERM; then ${ends.join(', ')}`
}

const stores: readonly (readonly [SharedStore, readonly Framework[]])[] = [
  ['sqlite', frameworks],
  ['redis', ['express']],
  ['postgres', ['express']]
]

for (const [store, applications] of stores) {
  describeStore(store)(`an application on ${store} that gets SIGTERM under load`, () => {
    let server: StoreServer
    beforeAll(async () => {
      server = await storeServers[store].start()
    }, 60_000)
    afterAll(() => server?.stop())

    it.each(applications)(
      'An application on %s answers what it has accepted, loses nothing that it acknowledged, and ends by itself',
      { timeout: 120_000 },
      async (framework) => {
        const outcome = await endUnderLoad(store, server.address, framework)
        console.log(store, framework, describeOutcome(outcome))
        checkOutcome(outcome)
      }
    )
  })
}

describe('an application with a flaw', () => {
  it.each<[Flaw, RegExp]>([
    ['exits at once', /counts that are stored/],
    ['closes the client first', /failed requests/]
  ])('An application that %s fails the test', { timeout: 120_000 }, async (flaw, message) => {
    const server = await storeServers.sqlite.start()
    try {
      const outcome = await endUnderLoad('sqlite', server.address, 'express', flaw)
      expect(() => checkOutcome(outcome)).toThrow(message)
    } finally {
      await server.stop()
    }
  })
})
