import type { RequestListener, Server } from 'node:http'
import type { Platform, Run, Sessions } from '../src/compare.ts'
import { serve } from './serve.ts'
import { createVisitor, type Visitor } from './visitor.ts'

export type Visit = (visitor: Visitor) => Promise<unknown>

/** What one npm package does with a session. */
export interface Scenario<Parts> {
  /** The package's name, or the property that holds the session. */
  readonly middleware: string
  /** Continues the sentence that the name begins. */
  readonly does: string
  /** The platforms that the middleware supports. Default: all. */
  readonly platforms?: readonly string[]
  /** Our sessions store what `JSON.stringify` makes of the data, as the peer does. */
  readonly lossy?: boolean
  /** Mounts what runs before the session middleware. */
  readonly before?: (site: Site<Parts>) => unknown
  /** Mounts what runs behind the session middleware. Default: `/` counts views. */
  readonly mount?: (site: Site<Parts>) => unknown
  /** Makes the requests whose answers are compared. */
  readonly visit: Visit
}

/** An application of a framework, and what a scenario needs to mount itself on it. */
export type Site<Parts> = Parts & {
  /** Registers what closes before the server. */
  onClose(close: () => Promise<void>): void
}

/** A new application of a framework. */
export interface Application<Parts> {
  readonly parts: Parts
  readonly server: RequestListener | Server
  /** The name of the session cookie. */
  readonly cookieName: string
  useSession(): void
  /** Mounts what runs behind everything else: the default of `/`, and errors. */
  finish?(): unknown
}

/** A framework, in one of its versions, with its scenarios. */
export function createPlatform<Parts>(
  { name, peer }: Pick<Platform, 'name' | 'peer'>,
  scenarios: readonly Scenario<Parts>[],
  create: (sessions: Sessions, lossy: boolean) => Application<Parts>
): Platform {
  const supported = scenarios.filter(({ platforms }) => platforms === undefined || platforms.includes(name))
  const runs = supported.map(({ middleware, does, lossy = false, before, mount, visit }): Run => {
    async function answers(sessions: Sessions): Promise<Visitor['answers']> {
      const { parts, server, cookieName, useSession, finish } = create(sessions, lossy)
      const closing: (() => Promise<void>)[] = []
      const site = { ...parts, onClose: (close: () => Promise<void>) => void closing.unshift(close) }
      await before?.(site)
      useSession()
      await mount?.(site)
      await finish?.()
      const { url, close } = await serve(server)
      const visitor = createVisitor(url, cookieName)
      try {
        await visit(visitor)
      } finally {
        for (const task of [...closing, close]) await task()
      }
      return visitor.answers
    }
    return { platform: name, middleware, does, answers }
  })
  return { name, peer, runs }
}

/** The scenarios of one middleware. */
export function scenariosOf<Parts>(
  middleware: string,
  scenarios: readonly Omit<Scenario<Parts>, 'middleware'>[]
): readonly Scenario<Parts>[] {
  return scenarios.map((scenario) => ({ middleware, ...scenario }))
}

/** The session middleware before, and behind, a middleware that does not use the session. */
export function onBothSides<Parts>(
  { does, mount, ...scenario }: Omit<Scenario<Parts>, 'before'>,
  add: (site: Site<Parts>) => unknown
): readonly Scenario<Parts>[] {
  const mountBoth = async (site: Site<Parts>): Promise<void> => {
    await add(site)
    await mount?.(site)
  }
  return [
    { ...scenario, does: `${does}, with the session before it`, mount: mountBoth },
    { ...scenario, does: `${does}, with the session behind it`, before: add, ...(mount && { mount }) }
  ]
}

/** Visits paths in turn. */
export function visits(...paths: readonly string[]): Visit {
  return async ({ visit }) => {
    for (const path of paths) await visit(path)
  }
}

/** Visits paths in turn, and follows the redirects of each. */
export function follows(...paths: readonly string[]): Visit {
  return async ({ visit, follow }) => {
    for (const path of paths) await follow(await visit(path))
  }
}

/** Visits `path` with this visitor's cookies, or as a stranger without any, in turn. */
export function visitsAs(path: string, ...strangers: readonly boolean[]): Visit {
  return async ({ visit }) => {
    for (const stranger of strangers) await visit(path, { stranger })
  }
}

/** Visits `first`, then the paths between, then `last` with the cookies from after `first`. */
export function replays(first: string, between: readonly string[], last: string): Visit {
  return async (visitor) => {
    await visitor.visit(first)
    const headers = { cookie: visitor.cookies() }
    await visits(...between)(visitor)
    await visitor.visit(last, { headers, stranger: true })
  }
}
