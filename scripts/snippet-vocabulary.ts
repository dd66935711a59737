/**
 * What a snippet may use without saying where it comes from, by the name in its comment
 * `<!-- snippet: uses manager, koa.app -->`. The part before the dot only tells variants of one identifier apart.
 */
export const snippetVocabulary: Readonly<Record<string, string>> = {
  secret: 'declare const secret: string',
  store: "declare const store: import('@kvsession/core').KeyValueStore",
  manager: "declare const manager: import('@kvsession/core').SessionManager<SnippetData>",
  session: "declare const session: import('@kvsession/core').Session<SnippetData>",
  request: 'declare const request: Request',
  response: 'declare const response: Response',
  id: 'declare const id: string',
  userId: 'declare const userId: string',
  user: 'declare const user: { id: string; name: string }',
  clock: "declare const clock: import('@kvsession/core').Clock",
  app: "declare const app: import('express').Application",
  router: "declare const router: import('express').Router",
  req: "declare const req: import('express').Request",
  res: "declare const res: import('express').Response",
  next: "declare const next: import('express').NextFunction",
  'koa.app': "declare const app: import('koa')",
  ctx: "declare const ctx: import('koa').Context",
  'hono.app': "declare const app: import('hono').Hono",
  c: "declare const c: import('hono').Context",
  'fastify.request': "declare const request: import('fastify').FastifyRequest",
  'node.req': "declare const req: import('node:http').IncomingMessage",
  'node.res': "declare const res: import('node:http').ServerResponse",
  server: "declare const server: import('node:http').Server",
  client: "declare const client: import('ioredis').Redis"
}

/** The data of `manager` and `session` in snippets. */
export const snippetData: string =
  'interface SnippetData { views?: number; name?: string; theme?: string; cart?: string[]; flash?: string; returnTo?: string }'
