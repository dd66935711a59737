import { describe, expect, it } from 'vitest'
import { emptyTally, type Fault } from './parallel-kill-tally.ts'
import { liveOneSession } from './session-life.ts'

/** What a request to the server answers, of what it would say without a flaw. */
type Flaw = (request: string, answer: string, nth: number) => string

/** The kinds of faults that are noted of a session on a server with that flaw, and no other server. */
async function faultsOf(flaw: Flaw): Promise<readonly Fault[]> {
  const tally = emptyTally()
  const counts = new Map<string, number>()
  let steps: number[] | undefined = []

  function respond(request: string, answer: string): Promise<string> {
    const nth = (counts.get(request) ?? 0) + 1
    counts.set(request, nth)
    return Promise.resolve(flaw(request, answer, nth))
  }

  const server = {
    answers: 0,
    ended: new Promise<never>(() => undefined),
    open: () => respond('open', ''),
    login: () => respond('login', 'cookie'),
    async append(_cookie: string, step: number) {
      steps?.push(step)
      return respond('append', '')
    },
    read: () => respond('read', steps === undefined ? 'nobody' : JSON.stringify(steps)),
    async logout() {
      steps = undefined
      return respond('logout', '')
    },
    whenAnswered: async () => undefined,
    kill: async () => undefined
  }
  const crew = {
    size: 1,
    add: async () => undefined,
    pick: () => server,
    kill: async () => undefined,
    ask: (question: (writer: typeof server) => Promise<string>) => question(server),
    disband: async () => undefined
  }
  await liveOneSession(crew, tally, 'user', () => false)
  return (Object.keys(tally.faults) as Fault[]).filter((fault) => tally.faults[fault].length > 0)
}

describe('the ledger of the parallel kill campaign', () => {
  it('notes nothing of a server that keeps its promises', async () => {
    expect(await faultsOf((_request, answer) => answer)).toEqual([])
  })

  it('notes an acknowledged change that every later read lacks', async () => {
    const flaw: Flaw = (request, answer) =>
      request === 'read' ? answer.replace('[0,', '[').replace('[0]', '[]') : answer
    expect(await faultsOf(flaw)).toEqual(['lost'])
  })

  it('notes a session that opens no more', async () => {
    expect(await faultsOf((request, answer, nth) => (request === 'read' && nth > 1 ? 'nobody' : answer))).toEqual([
      'gone'
    ])
  })

  it('notes a read that misses what a later one shows', async () => {
    expect(await faultsOf((request, answer, nth) => (request === 'read' && nth === 2 ? '[]' : answer))).toEqual([
      'stale'
    ])
  })

  it('notes a change that is there twice', async () => {
    const flaw: Flaw = (request, answer) => (request === 'read' ? answer.replace('[0,', '[0,0,') : answer)
    expect(await faultsOf(flaw)).toEqual(['invented'])
  })

  it('notes a session that lives on after its logout', async () => {
    expect(await faultsOf((request, answer) => (request === 'read' && answer === 'nobody' ? '[]' : answer))).toEqual([
      'revived'
    ])
  })
})
