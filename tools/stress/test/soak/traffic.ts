import { createHttpClient } from '../../src/http-client.ts'
import type { Random } from '../../src/random.ts'
import { type Answer, readBody } from './handler.ts'
import type { Server } from './server-process.ts'

/** The requests of all clients to all processes: counted, suspended when needed, and awaited. */
export interface Traffic {
  /**
   * Sends a request to a random process. `undefined`: no answer came, so that it is unknown whether it was carried out.
   *
   * @throws Error for an answer that no request may get
   */
  ask(random: Random, path: string, cookie?: string): Promise<Answer | undefined>
  /** As {@link ask}, to this process. */
  askAt(server: Server, path: string, cookie?: string): Promise<Answer | undefined>
  count(name: string): void
  readonly counts: Readonly<Record<string, number>>
  /** How many requests were answered with 200, and how many with 503. */
  readonly done: number
  readonly refused: number
  /** Resolves when the condition holds, which is checked whenever a request starts or ends. */
  until(condition: () => boolean): Promise<void>
  /** Runs a step of a client, once the traffic is not suspended. */
  step(task: () => Promise<void>): Promise<void>
  /** Runs a task while no client has a request under way. */
  whileIdle<T>(task: () => Promise<T>): Promise<T>
  /** Rejects everything that waits with this error. */
  fail(error: unknown): void
  readonly failed: Promise<never>
  close(): void
}

/** A process that gets every request of another one; its answers are ignored. */
export interface Mirror {
  readonly of: Server
  readonly to: Server
}

export function createTraffic(servers: readonly [Server, ...Server[]], mirror: Mirror): Traffic {
  const client = createHttpClient(readBody, 256)
  const counts: Record<string, number> = {}
  const waiting = new Set<{ readonly condition: () => boolean; resolve(): void }>()
  let fail = (_: unknown): void => undefined
  const failed = new Promise<never>((_, reject) => (fail = reject))
  failed.catch(() => undefined)
  let running = 0
  let isSuspended = false
  let done = 0
  let refused = 0

  function notify(): void {
    for (const one of waiting) if (one.condition() && waiting.delete(one)) one.resolve()
  }

  function until(condition: () => boolean): Promise<void> {
    const held = new Promise<void>((resolve) => {
      waiting.add({ condition, resolve })
      notify()
    })
    return Promise.race([held, failed])
  }

  function count(name: string): void {
    counts[name] = (counts[name] ?? 0) + 1
  }

  async function send(server: Server, path: string, cookie?: string): Promise<Answer | 'unsent' | undefined> {
    server.waiting++
    notify()
    if (server === mirror.of) void client.ask(mirror.to.port, path, cookie)
    const reply = await client.ask(server.port, path, cookie)
    server.waiting--
    if (reply === 'unsent') return reply
    count('requests')
    if (reply === 'lost') count('without an answer')
    else if (reply.status === 200) done++
    else if (reply.status === 503) {
      refused++
      count('answered 503')
    }
    notify()
    if (reply === 'lost') return undefined
    if (reply.status !== 200 && reply.status !== 503)
      throw new Error(`${server.name} answers ${reply.status} to ${path}`)
    if (reply.status === 503 && reply.isCleared)
      throw new Error(`an outage removed the cookie: ${server.name}, ${path}`)
    return reply
  }

  return {
    async ask(random, path, cookie) {
      for (;;) {
        const answer = await send(random.pick(servers), path, cookie)
        if (answer !== 'unsent') return answer
      }
    },
    async askAt(server, path, cookie) {
      const answer = await send(server, path, cookie)
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
    async step(task) {
      // The traffic may be suspended again before this continues.
      while (isSuspended) await until(() => !isSuspended)
      running++
      await task()
      running--
      notify()
    },
    async whileIdle(task) {
      isSuspended = true
      try {
        await until(() => running === 0)
        return await task()
      } finally {
        isSuspended = false
        notify()
      }
    },
    fail,
    failed,
    close: () => client.close()
  }
}
