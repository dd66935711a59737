import type { Chance } from '../random.ts'
import { type Answer, createBrowser } from './browser.ts'
import type { Server } from './server.ts'

/** The requests of all clients to all processes: they are counted, can be held back, and can be waited for. */
export interface Traffic {
  /**
   * Sends a request to some process. `undefined`: nobody knows whether it was done, because no answer came or the answer
   * was that the store is out of order.
   *
   * @throws Error for an answer that no request should get.
   */
  ask(chance: Chance, path: string, cookie?: string): Promise<Answer | undefined>
  /** As {@link ask}, to this process. */
  askAt(server: Server, path: string, cookie?: string): Promise<Answer | undefined>
  count(what: string): void
  readonly counts: Readonly<Record<string, number>>
  /** How many requests were answered with 200, and how many with 503. */
  readonly done: number
  readonly refused: number
  /** Waits for what requests bring about: asked again whenever one starts or ends. */
  until(condition: () => boolean): Promise<void>
  /** Lets a client begin its next step, unless the others are to be quiet. */
  enter(): Promise<void>
  leave(): void
  /** Does something while no client has a request under way. */
  quietly<T>(task: () => Promise<T>): Promise<T>
  /** Something was found: everything that waits rejects with it. */
  fail(error: unknown): void
  /** Rejects when something was found. */
  readonly failed: Promise<never>
  close(): void
}

/** A process that is asked whatever another one is asked; nobody waits for its answers. */
export interface Shadow {
  readonly of: Server
  readonly by: Server
}

export function createTraffic(servers: readonly [Server, ...Server[]], shadow: Shadow): Traffic {
  const browser = createBrowser()
  const counts: Record<string, number> = {}
  const waiting = new Set<{ readonly condition: () => boolean; done(error?: unknown): void }>()
  let failure: { readonly error: unknown } | undefined
  let rejectAll = (_: unknown): void => {}
  const failed = new Promise<never>((_, reject) => (rejectAll = reject))
  failed.catch(() => undefined)
  let inside = 0
  let quiet = false
  let done = 0
  let refused = 0

  function pulse(): void {
    for (const one of waiting) {
      if (!failure && !one.condition()) continue
      waiting.delete(one)
      one.done(failure?.error)
    }
  }

  function until(condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      waiting.add({ condition, done: (error) => (error === undefined ? resolve() : reject(error)) })
      pulse()
    })
  }

  function count(what: string): void {
    counts[what] = (counts[what] ?? 0) + 1
  }

  async function askAt(server: Server, path: string, cookie?: string): Promise<Answer | 'unsent' | undefined> {
    server.waiting++
    pulse()
    if (server === shadow.of) void browser.ask(shadow.by.port, path, cookie)
    const reply = await browser.ask(server.port, path, cookie)
    server.waiting--
    if (reply === 'unsent') return reply
    count('requests')
    if (reply === 'lost') count('without an answer')
    else if (reply.status === 200) done++
    else if (reply.status === 503) {
      refused++
      count('answered 503')
    }
    pulse()
    if (reply === 'lost') return undefined
    if (reply.status !== 200 && reply.status !== 503)
      throw new Error(`${server.name} answers ${reply.status} to ${path}`)
    if (reply.status === 503 && reply.cleared)
      throw new Error(`an outage took the cookie away: ${server.name}, ${path}`)
    return reply
  }

  return {
    async ask(chance, path, cookie) {
      for (;;) {
        const answer = await askAt(chance.pick(servers), path, cookie)
        if (answer !== 'unsent') return answer
      }
    },
    async askAt(server, path, cookie) {
      const answer = await askAt(server, path, cookie)
      return answer === 'unsent' ? undefined : answer
    },
    count,
    counts,
    get done() {
      return done
    },
    get refused() {
      return refused
    },
    until,
    async enter() {
      if (quiet) await until(() => !quiet)
      inside++
    },
    leave() {
      inside--
      pulse()
    },
    failed,
    async quietly(task) {
      quiet = true
      try {
        await until(() => inside === 0)
        return await task()
      } finally {
        quiet = false
        pulse()
      }
    },
    fail(error) {
      failure ??= { error }
      rejectAll(error)
      pulse()
    },
    close: () => browser.close()
  }
}
