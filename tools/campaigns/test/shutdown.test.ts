import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describeOn } from 'engine-harness'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Framework, frameworks } from '../src/applications.ts'
import { countUntilGone, createVisitors, type Load, readCount } from '../src/shutdown/visitors.ts'
import type { SoakedStore } from '../src/soak/connection.ts'
import { type Place, startPlace } from '../src/soak/place.ts'

const script = fileURLToPath(new URL('../src/shutdown/ending-process.ts', import.meta.url))
const execArgv = ['--conditions=@kvsession/source', '--disable-warning=ExperimentalWarning']

interface Application {
  readonly port: number
  /** Sends SIGTERM; resolves to how the process ended. */
  terminate(): Promise<{ readonly code: unknown; readonly signal: unknown }>
}

const living = new Set<ChildProcess>()

async function start(store: SoakedStore, address: string, framework: Framework): Promise<Application> {
  const child = fork(script, [store, address, framework], { execArgv, env: { ...process.env, NODE_ENV: 'test' } })
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
async function endUnderLoad(store: SoakedStore, address: string, framework: Framework) {
  const visitors = createVisitors(12)
  const load: Load = { answers: 0, failures: [], ends: [] }
  const application = await start(store, address, framework)
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
        const { stored, acknowledged, ends, answersAfterSignal, ...rest } = outcome
        console.log(
          store,
          framework,
          `${acknowledged.reduce((sum, one) => sum + one, 0)} acknowledged`,
          answersAfterSignal,
          'after SIGTERM',
          ends.join()
        )
        const inGoodOrder = { code: 0, signal: null }
        expect(rest).toEqual({ how: inGoodOrder, failures: [], howIdle: inGoodOrder })
        expect(stored).toEqual(acknowledged)
        expect(answersAfterSignal).toBeGreaterThan(0)
      }
    )
  })
}
