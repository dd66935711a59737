import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describeOn } from 'test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Framework, frameworks } from '../../src/applications.ts'
import type { SoakedStore } from '../../src/soak/connection.ts'
import { type Place, startPlace } from '../../src/soak/place.ts'
import { countUntilGone, createVisitors, type Load, readCount } from './clients.ts'

const script = fileURLToPath(new URL('ending-process.ts', import.meta.url))
const execArgv = ['--conditions=@kvsession/source', '--disable-warning=ExperimentalWarning']

interface Application {
  readonly port: number
  /** Sends SIGTERM; resolves to how the process ended. */
  terminate(): Promise<{ readonly code: unknown; readonly signal: unknown }>
}

const living = new Set<ChildProcess>()

type Flaw = 'exits at once' | 'closes the client first'

async function start(store: SoakedStore, address: string, framework: Framework, flaw?: Flaw): Promise<Application> {
  const child = fork(script, [store, address, framework, flaw ?? ''], {
    execArgv,
    env: { ...process.env, NODE_ENV: 'test' }
  })
  living.add(child)
  const exited = once(child, 'exit').then(([code, signal]) => {
    living.delete(child)
    return { code, signal }
  })
  const [port] = await once(child, 'message')
  return {
    port: Number(port),
    terminate() {
      child.kill('SIGTERM')
      return exited
    }
  }
}

afterAll(() => {
  for (const child of living) child.kill('SIGKILL')
})

/** Visitors count on one process; after so many answers it gets SIGTERM; the next process says what is stored. */
async function endUnderLoad(store: SoakedStore, address: string, framework: Framework, flaw?: Flaw) {
  const visitors = createVisitors(12)
  const load: Load = { answers: 0, failures: [], ends: [] }
  const application = await start(store, address, framework, flaw)
  let ended: ReturnType<Application['terminate']> | undefined
  let answersBefore = 0
  await countUntilGone(application.port, visitors, load, () => {
    if (ended || load.answers < 240) return
    answersBefore = load.answers
    ended = application.terminate()
  })
  const how = await ended
  const next = await start(store, address, framework)
  const stored: number[] = []
  for (const visitor of visitors) stored.push(await readCount(next.port, visitor, load))
  return {
    how,
    failures: load.failures,
    ends: [...new Set(load.ends)],
    answersAfterSignal: load.answers - answersBefore,
    acknowledged: visitors.map(({ acknowledged }) => acknowledged),
    stored,
    howIdle: await next.terminate()
  }
}

type Outcome = Awaited<ReturnType<typeof endUnderLoad>>

function judge({ how, howIdle, failures, stored, acknowledged, answersAfterSignal }: Outcome): void {
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

type DescribePlace = (name: string, register: () => void) => unknown

const places: readonly (readonly [SoakedStore, DescribePlace, readonly Framework[]])[] = [
  ['sqlite', describe, frameworks],
  ['redis', describeOn('redis', { own: true }), ['express']],
  ['postgres', describeOn('postgres', { own: true }), ['express']]
]

for (const [store, describePlace, applications] of places) {
  describePlace(`an application over ${store} that gets SIGTERM under load`, () => {
    let place: Place
    beforeAll(async () => {
      place = await startPlace[store]()
    })
    afterAll(() => place?.stop())

    it.each(applications)(
      'answers on %s what it has accepted, loses nothing that it acknowledged, and ends by itself',
      { timeout: 120_000 },
      async (framework) => {
        const outcome = await endUnderLoad(store, place.address, framework)
        console.log(store, framework, describeOutcome(outcome))
        judge(outcome)
      }
    )
  })
}

describe('an application that ends in disorder is found out', () => {
  it.each<[Flaw, RegExp]>([
    ['exits at once', /counts that are stored/],
    ['closes the client first', /failed requests/]
  ])('one that %s', { timeout: 120_000 }, async (flaw, message) => {
    const place = await startPlace.sqlite()
    try {
      const outcome = await endUnderLoad('sqlite', place.address, 'express', flaw)
      expect(() => judge(outcome)).toThrow(message)
    } finally {
      await place.stop()
    }
  })
})
