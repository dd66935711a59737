import { createVisitor, type Visitor } from './visitor.ts'

/** One thing that a middleware of somebody else does with a session. */
export interface Scenario<Site> {
  /** The package's name. */
  readonly middleware: string
  /** Continues the sentence that the name begins. */
  readonly does: string
  /** The platforms that the middleware supports. Default: all. */
  readonly platforms?: readonly string[]
  /** Ours store what `JSON.stringify` makes of the data, as the peer does. */
  readonly lossy?: boolean
  /** Makes the application. */
  mount(site: Site): unknown
  /** Visits the application; the answers are what is compared. */
  visit(visitor: Visitor): Promise<unknown>
}

/** Whose session middleware the application has. */
export type Sessions = 'ours' | 'peer'

/** A running server. */
export interface Running {
  readonly url: string
  close(): Promise<void>
}

/** The application of a scenario. */
export interface Opened extends Running {
  /** The name of the session's cookie. */
  readonly cookieName: string
}

/** A framework in one of its versions. */
export interface Platform {
  readonly name: string
  /** The library whose answers are the measure. */
  readonly peer: string
  readonly runs: readonly Run[]
}

/** A scenario on one platform. */
export interface Run {
  readonly platform: string
  readonly middleware: string
  readonly does: string
  /** Visits the application with our sessions, or the peer's. */
  answers(sessions: Sessions): Promise<Visitor['answers']>
}

export function createPlatform<Site>(
  { name, peer }: Pick<Platform, 'name' | 'peer'>,
  scenarios: readonly Scenario<Site>[],
  open: (scenario: Scenario<Site>, sessions: Sessions) => Promise<Opened>
): Platform {
  const supported = scenarios.filter(({ platforms }) => platforms === undefined || platforms.includes(name))
  const runs = supported.map(
    (scenario): Run => ({
      platform: name,
      middleware: scenario.middleware,
      does: scenario.does,
      async answers(sessions) {
        const { url, cookieName, close } = await open(scenario, sessions)
        const visitor = createVisitor(url, cookieName)
        try {
          await scenario.visit(visitor)
        } finally {
          await close()
        }
        return visitor.answers
      }
    })
  )
  return { name, peer, runs }
}
