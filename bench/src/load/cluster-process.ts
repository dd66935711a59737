import cluster from 'node:cluster'
import { join } from 'node:path'
import { answerCalls, connectProcess, flagsOfAll, type TestProcess } from 'stress/processes'
import type { SubjectMethods } from '../applications/subject-process.ts'
import type { Family } from '../applications/subjects.ts'

const workers: TestProcess<SubjectMethods>[] = []

/** The primary of node:cluster: several processes of one subject share a port. */
const methods = {
  /** Resolves to the port. */
  async start(family: Family, name: string, url: string, processes: number): Promise<number> {
    const exec = join(import.meta.dirname, '../applications/subject-process.ts')
    cluster.setupPrimary({ exec, execArgv: [...flagsOfAll] })
    let port = 0
    for (let index = 0; index < processes; index++) {
      const worker = connectProcess<SubjectMethods>(cluster.fork().process)
      workers.push(worker)
      await worker.call('load', family, name, url)
      // Processes that ask for any port are given the same one.
      port = await worker.call('serve')
    }
    return port
  },

  async cookies(): Promise<readonly string[]> {
    return (await workers[0]?.call('cookies')) ?? []
  },

  /** Of all processes together, microseconds. */
  async cpu(): Promise<number> {
    const all = await Promise.all(workers.map(({ call }) => call('cpu')))
    return all.reduce((sum, one) => sum + one, 0)
  }
}

export type ClusterMethods = typeof methods

answerCalls(methods, async () => void (await Promise.all(workers.map(({ stop }) => stop()))))
