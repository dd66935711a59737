import { type Act, acts } from '../applications/scenario.ts'
import { type Framework, frameworkNamed, frameworks, subjects, titles } from '../applications/subjects.ts'
import { costTable, createCosts } from '../costs.ts'
import type { Measurement, RunOptions, Section } from '../results.ts'
import { rotated, type Subject, startSubject, withSubjects } from '../subject.ts'

/** V8 compiles during the first 50,000 requests or so; more code takes longer. */
const warmUpRequests = 60_000
const passes = 6
/** The limit for a library that spends its time in cryptography, which is native code. */
const warmUpMicroseconds = 1_500_000
const batchMicroseconds = 40_000

/** The same requests in a warm loop without sockets: lower costs than in a server, with less noise. */
export const inProcessSection: Section = {
  name: 'in-process',
  title: 'In process',
  about:
    'Microseconds of processor time per request above the bare framework, without sockets, 16 requests at a time, after 60,000 ' +
    'iterations. Caches and branch predictors are warm then: in a server the same code costs three to six times as much. Use these ' +
    'figures to find expensive code, not to predict the costs of a server.',
  parts: frameworks,
  run: (part, options) => measure(frameworkNamed(part), options)
}

function measure(framework: Framework, { quick }: RunOptions): Promise<Measurement> {
  const names = subjects[framework]
  const starters = names.map((name) => () => startSubject(framework, name))
  return withSubjects(starters, async (started) => {
    const costs = createCosts()
    const warm = new Map<Subject, ReadonlyMap<Act, number>>()
    for (const subject of started) warm.set(subject, await warmUp(subject, quick ? 1 : passes))
    for (let round = 0; round < (quick ? 7 : 25); round++) {
      for (const act of acts) {
        for (const subject of rotated(started, round)) {
          const cost = warm.get(subject)?.get(act) ?? batchMicroseconds
          const requests = Math.round(Math.min(6_000, Math.max(160, batchMicroseconds / cost)))
          costs.add(subject.name, act, await subject.call('batch', act, requests))
        }
      }
    }
    return { tables: [costTable(`${titles[framework]}, in process`, costs, names, acts)] }
  })
}

/**
 * Runs each kind of request until it is compiled, in several passes, because one kind can make V8 discard the code that
 * it compiled for another.
 *
 * @returns microseconds per request.
 */
async function warmUp({ call }: Subject, times: number): Promise<ReadonlyMap<Act, number>> {
  const costs = new Map<Act, number>()
  for (let pass = 0; pass < times; pass++) {
    for (const act of acts) {
      const known = costs.get(act) ?? (await call('batch', act, 320))
      costs.set(act, await call('batch', act, Math.min(warmUpRequests, warmUpMicroseconds / known) / passes))
    }
  }
  return costs
}
