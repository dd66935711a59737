import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Framework, frameworks } from '../../src/applications.ts'
import type { Vitals } from './target-process.ts'

export type Flaw = 'throws' | 'reads' | 'writes' | 'pollutes' | 'forgets' | 'rejects'

export interface Target {
  port(framework: Framework): number
  vitals(): Promise<Vitals>
  stop(): Promise<void>
}

/**
 * Starts the servers in a process of their own and waits until they listen.
 *
 * @param flaw a mistake that they make on purpose.
 */
export async function startTarget(flaw?: Flaw): Promise<Target> {
  const child = fork(fileURLToPath(new URL('target-process.ts', import.meta.url)), flaw === undefined ? [] : [flaw], {
    execArgv: ['--conditions=@kvsession/source', '--disable-warning=ExperimentalWarning'],
    env: { ...process.env, NODE_ENV: 'test' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc']
  })
  const exited = once(child, 'exit')
  const first = await Promise.race([once(child, 'message'), exited.then(() => undefined)])
  const ports: unknown = first?.[0]
  if (!isPorts(ports)) throw new Error('the servers ended before they listened')
  return {
    port: (framework) => ports[framework],
    async vitals() {
      const answer = once(child, 'message')
      child.send('vitals')
      const [vitals]: unknown[] = await answer
      if (!isVitals(vitals)) throw new Error('the servers do not say how they are')
      return vitals
    },
    async stop() {
      if (child.exitCode !== null) return
      child.disconnect()
      await exited
    }
  }
}

function isPorts(value: unknown): value is Readonly<Record<Framework, number>> {
  return frameworks.every((framework) => typeof Reflect.get(Object(value), framework) === 'number')
}

function isVitals(value: unknown): value is Vitals {
  return typeof Reflect.get(Object(value), 'reads') === 'number'
}
