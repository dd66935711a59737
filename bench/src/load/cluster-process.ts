import cluster from 'node:cluster'
import { join } from 'node:path'
import type { SubjectMethods } from '../applications/subject-process.ts'
import type { Family } from '../applications/subjects.ts'
import { callerOf, serveMethods, sourceFlags, type Worker } from '../worker.ts'

const calls: Worker<SubjectMethods>['call'][] = []

/** The primary of node:cluster: several processes of one subject share a port. */
const methods = {
  /** Resolves to the port. */
  async start(family: Family, name: string, url: string, processes: number): Promise<number> {
    const exec = join(import.meta.dirname, '../applications/subject-process.ts')
    cluster.setupPrimary({ exec, execArgv: [...sourceFlags], serialization: 'advanced' })
    let port = 0
    for (let index = 0; index < processes; index++) {
      const call = callerOf<SubjectMethods>(cluster.fork().process, name)
      calls.push(call)
      await call('load', family, name, url)
      // Processes that ask for any port are given the same one.
      port = await call('serve', 0)
    }
    return port
  },

  async cookies(): Promise<readonly string[]> {
    const [first] = calls
    return first ? first('cookies') : []
  },

  /** Microseconds of all processes together. */
  async cpu(): Promise<number> {
    const all = await Promise.all(calls.map((call) => call('cpu')))
    return all.reduce((sum, one) => sum + one, 0)
  }
}

export type ClusterMethods = typeof methods

serveMethods(methods)
