import { describe, expect, it } from 'vitest'
import { createTally } from '../../src/processes/tally.ts'
import { type Answering, runSession } from './run-session.ts'

/** What the server answers to a command, from what it would answer without a flaw. */
type Flaw = (command: string, answer: unknown, nth: number) => unknown

/** The kinds of violations that are reported of a session on a single server with that flaw. */
async function violationsOf(flaw: Flaw): Promise<readonly string[]> {
  const tally = createTally()
  const calls = new Map<string, number>()
  let steps: number[] | undefined = []

  const commands: Readonly<Record<string, (cookie: string, step: number) => unknown>> = {
    login: () => 'cookie',
    append: (_, step) => steps?.push(step) !== undefined,
    read: () => steps && [...steps],
    logout() {
      steps = undefined
    }
  }
  const call = async (name: string, ...args: readonly [cookie: string, step?: number]): Promise<unknown> => {
    const nth = (calls.get(name) ?? 0) + 1
    calls.set(name, nth)
    return flaw(name, commands[name]?.(args[0], args[1] ?? 0), nth)
  }
  const server = { call: call as Answering['call'] }
  await runSession({ ask: (question) => question(server) }, tally, 'user', () => false)
  return [...tally.violations.keys()]
}

function without(steps: unknown, step: number): unknown {
  return Array.isArray(steps) ? steps.filter((one) => one !== step) : steps
}

describe('the record of acknowledged changes in a parallel kill test', () => {
  it('A server that keeps its promises has no violation', async () => {
    expect(await violationsOf((_command, answer) => answer)).toEqual([])
  })

  it('An acknowledged change that every later read lacks is lost', async () => {
    const flaw: Flaw = (command, answer) => (command === 'read' ? without(answer, 0) : answer)
    expect(await violationsOf(flaw)).toEqual(['lost'])
  })

  it('A session that no longer opens is gone', async () => {
    expect(await violationsOf((command, answer, nth) => (command === 'read' && nth > 1 ? undefined : answer))).toEqual([
      'gone'
    ])
  })

  it('A read that misses what a later one shows is stale', async () => {
    expect(await violationsOf((command, answer, nth) => (command === 'read' && nth === 2 ? [] : answer))).toEqual([
      'stale'
    ])
  })

  it('A change that is there twice is invented', async () => {
    const flaw: Flaw = (command, answer) =>
      command === 'read' && Array.isArray(answer) && answer.length > 0 ? [0, ...answer] : answer
    expect(await violationsOf(flaw)).toEqual(['invented'])
  })

  it('A session that lives on after its logout is revived', async () => {
    expect(await violationsOf((command, answer) => (command === 'read' && answer === undefined ? [] : answer))).toEqual(
      ['revived']
    )
  })
})
