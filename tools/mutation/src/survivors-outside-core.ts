import { type Explained, explainIn, letGo, plain, refused, same, typed, work } from './explanation.ts'

const [express, hono, koa] = [explainIn('express'), explainIn('hono'), explainIn('koa')]
const sqlite = explainIn('store-sqlite')

/** Those of the adapters and of the SQLite store. */
export const explainedOutside: readonly Explained[] = [
  express('response/error-response.ts', "held.errorResponse = 'expected'", same, '""'),
  express('response/held-commit.ts', "held.phase = 'ending'", same, '""'),
  express('request/request-session.ts', 'setPrototypeOf: () => false', refused, '() => undefined'),
  express('request/request-session.ts', 'preventExtensions: () => false', refused, '() => undefined'),
  express(
    'request/request-session.ts',
    "if (!inert && typeof permanent === 'number')",
    same,
    'true',
    "!inert || typeof permanent === 'number'"
  ),
  express('request/session-cookie.ts', 'restarted = true', same, 'false'),
  express('request/session-property.ts', "if ('session' in request) return", work, 'false', '""'),
  express('session.ts', 'of entriesOf(request) ?? []', same, '["Stryker was here"]'),
  express('session.ts', "(originalUrl ?? url ?? '/')", same, '""'),
  hono('response.ts', 'if (headers.length === 0) return', work, 'false'),
  koa('error-headers.ts', "'headers' in error && typeof", same, 'true'),
  koa('request-session.ts', 'return this.#pending !== undefined', work, 'true'),
  koa('session.ts', 'if (request.hasAssignment) await', work, 'true'),
  koa('session.ts', 'if (request.hasAssignment || needsCommit', work, 'true'),
  koa('session.ts', 'if (ctx.respond !== false && !isStream', plain, 'false'),
  koa('session.ts', 'if (headers.length === 0 || ctx.headerSent)', work, 'false'),
  koa('session.ts', 'body === null) return false', plain, 'true'),
  koa('session.ts', "return 'pipe' in body ||", plain, 'true'),
  sqlite('sqlite-store.ts', "stringOf(row, 'key') ?? ''", typed, '"Stryker was here!"'),
  sqlite('sqlite-store.ts', 'if (statement === undefined)', work, 'true'),
  sqlite('sqlite-store.ts', 'async close()', letGo, '{}'),
  sqlite('sqlite-store.ts', 'prepared.clear()', letGo, ';'),
  sqlite(
    'sqlite-store.ts',
    "row !== null && Number(Reflect.get(row, 'live'))",
    typed,
    'true',
    "typeof row === 'object' || row !== null"
  )
]
