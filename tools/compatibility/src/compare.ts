/** What a visitor saw of one response, without what differs from run to run. */
export interface Answer {
  readonly request: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** What happens to the session cookie in the browser; the same value sent again is `kept`. */
  readonly sessionCookie: 'kept' | 'new' | 'gone'
  /** The names of the other cookies that were set. */
  readonly cookies: readonly string[]
  readonly body: string
}

/** Which session middleware the application has. */
export type Sessions = 'ours' | 'peer'

/** A scenario on one platform. */
export interface Run {
  readonly platform: string
  /** The npm package, or the property that holds the session. */
  readonly middleware: string
  /** Continues the sentence that the name begins. */
  readonly does: string
  /** Visits the application and returns its answers. */
  answers(sessions: Sessions): Promise<readonly Answer[]>
}

/** A framework in one of its versions. */
export interface Platform {
  readonly name: string
  /** The session library whose answers are the reference. */
  readonly peer: string
  readonly runs: readonly Run[]
}

/** A part of one answer that differs from the peer's. */
export interface Difference {
  readonly request: string
  readonly what: string
  readonly peer: string
  readonly ours: string
}

export interface Result {
  readonly run: Run
  readonly differences: readonly Difference[]
}

/** Runs a scenario with the peer's sessions and with ours. */
export async function compareRun(run: Run): Promise<Result> {
  const peer = await run.answers('peer')
  const ours = await run.answers('ours')
  if (peer.length !== ours.length) throw new Error('A scenario must make the same requests whatever the answers are')
  const differences = peer.flatMap((answer, index) => {
    const counterpart = ours[index]
    return counterpart ? compareAnswers(answer, counterpart) : []
  })
  return { run, differences }
}

function compareAnswers(peer: Answer, ours: Answer): Difference[] {
  const [theirParts, ourParts] = [partsOf(peer), partsOf(ours)]
  const names = [...new Set([...theirParts.keys(), ...ourParts.keys()])]
  return names
    .map((what) => ({
      request: peer.request,
      what,
      peer: theirParts.get(what) ?? 'none',
      ours: ourParts.get(what) ?? 'none'
    }))
    .filter((difference) => difference.peer !== difference.ours)
}

function partsOf({ status, sessionCookie, cookies, headers, body }: Answer): Map<string, string> {
  return new Map([
    ['status', String(status)],
    ['session cookie', sessionCookie],
    ['other cookies', cookies.join(', ')],
    ...Object.entries(headers),
    ['body', body]
  ])
}
