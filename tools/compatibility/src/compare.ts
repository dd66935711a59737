import type { Run } from './scenario.ts'
import type { Answer } from './visitor.ts'

/** One thing in which an answer differs from the peer's. */
export interface Difference {
  readonly request: string
  readonly what: string
  readonly peer: string
  readonly ours: string
}

/** A run with what came of it. */
export interface Result {
  readonly run: Run
  readonly differences: readonly Difference[]
}

/** Runs a scenario with the peer's sessions and with ours. */
export async function compareRun(run: Run): Promise<Result> {
  const peer = await run.answers('peer')
  const ours = await run.answers('ours')
  if (peer.length !== ours.length) throw new Error('A scenario makes the same requests whatever is answered')
  const differences = peer.flatMap((answer, index) => {
    const counterpart = ours[index]
    return counterpart ? compareAnswers(answer, counterpart) : []
  })
  return { run, differences }
}

function compareAnswers(peer: Answer, ours: Answer): Difference[] {
  const [theirs, own] = [factsOf(peer), factsOf(ours)]
  const names = [...new Set([...theirs.keys(), ...own.keys()])]
  return names
    .map((what) => ({ request: peer.request, what, peer: theirs.get(what) ?? 'none', ours: own.get(what) ?? 'none' }))
    .filter((one) => one.peer !== one.ours)
}

function factsOf({ status, sessionCookie, cookies, headers, body }: Answer): Map<string, string> {
  return new Map([
    ['status', String(status)],
    ['session cookie', sessionCookie],
    ['other cookies', cookies.join(', ')],
    ...Object.entries(headers),
    ['body', body]
  ])
}
