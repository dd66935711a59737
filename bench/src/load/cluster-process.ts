import cluster from 'node:cluster'
import { join } from 'node:path'
import { answerCalls, connectProcess, flagsOfAll } from 'stress/processes'
import type { SubjectMethods } from '../applications/subject-process.ts'

// The primary of node:cluster, with as many processes of one subject as the argument says. It answers as one of them.

cluster.setupPrimary({
  exec: join(import.meta.dirname, '../applications/subject-process.ts'),
  execArgv: [...flagsOfAll],
  args: []
})
const workers = Array.from({ length: Number(process.argv[2]) }, () =>
  connectProcess<SubjectMethods>(cluster.fork().process)
)
const [first] = workers
if (first === undefined) throw new Error('usage: cluster-process.ts PROCESSES')

const methods: Pick<SubjectMethods, 'load' | 'serve' | 'cookies' | 'cpu'> = {
  async load(family, name, url) {
    for (const { call } of workers) await call('load', family, name, url)
  },
  /** Processes that ask for any port are given the same one. */
  async serve() {
    const ports = await Promise.all(workers.map(({ call }) => call('serve')))
    return ports[0] ?? 0
  },
  cookies: () => first.call('cookies'),
  /** Microseconds of all processes together. */
  async cpu() {
    const all = await Promise.all(workers.map(({ call }) => call('cpu')))
    return all.reduce((sum, one) => sum + one, 0)
  }
}

answerCalls(methods, async () => void (await Promise.all(workers.map(({ stop }) => stop()))))
