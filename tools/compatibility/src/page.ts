import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Difference, Platform, Result } from './compare.ts'
import { reasonOf } from './reasons.ts'

const families = ['Express', 'Koa', 'Fastify', 'Hono']

/** docs/compatibility.md */
export function renderPage(platforms: readonly Platform[], results: readonly Result[]): string {
  return [
    `# Compatibility

Middleware written for [express-session](migrating-from-express-session.md), koa-session, @fastify/session and hono-sessions, run
with those libraries and with kvsession. A run builds an application with the real package and sends it the same HTTP requests twice, once
with the other library's sessions and once with ours. It compares status, headers, body, the names of the cookies that are
set, and whether the browser then has a new session cookie, the same one or none.

Not compared: the name and attributes of the session cookie; \`Vary\` and \`Cache-Control\`, which are
[what a cookie needs](security.md#caches); a cookie that is sent again with the same value; headers that differ from run to
run (\`Date\`, \`ETag\`, lengths, times). Random values, times and ports count as equal.
express-session runs with \`resave: false\` and
\`saveUninitialized: false\`, @fastify/session with \`saveUninitialized: false\`, koa-session with a store, hono-sessions with its
memory store and no encryption.

grant has no handler for servers of \`Request\` and \`Response\`. Its handlers for \`node:http\` and for functions in the cloud keep a
session of their own, in another cookie, so there is nothing to compare.

\`npm run compatibility\` writes this page; a test repeats all runs and compares the result with it.`,
    summary(platforms, results),
    ...families.map((family) => renderFamily(family, platforms, results)),
    renderDifferences(results)
  ].join('\n\n')
}

function summary(platforms: readonly Platform[], results: readonly Result[]): string {
  const rows = platforms.map(({ name, peer }) => {
    const of = results.filter(({ run }) => run.platform === name)
    return [
      name,
      `${peer} ${versionOf(peer)}`,
      of.length,
      of.filter(isSame).length,
      of.length - of.filter(isSame).length
    ]
  })
  return table(['framework', 'compared with', 'runs', 'same answers', 'listed below'], rows)
}

function renderFamily(family: string, platforms: readonly Platform[], results: readonly Result[]): string {
  const names = platforms.map(({ name }) => name).filter((name) => name.startsWith(family))
  const of = results.filter(({ run }) => names.includes(run.platform))
  const rows = [...new Set(of.map(({ run }) => run.middleware))].map((middleware) => {
    const ofIt = of.filter(({ run }) => run.middleware === middleware)
    const scenarios = [...new Set(ofIt.map(({ run }) => run.does))]
    return [
      `${middleware} ${versionOf(middleware)}`.trim(),
      scenarios.join('; '),
      ...names.map((name) => score(ofIt, name))
    ]
  })
  return `## ${family}\n\n${table(['middleware', 'scenarios', ...names], rows)}`
}

function score(results: readonly Result[], platform: string): string {
  const of = results.filter(({ run }) => run.platform === platform)
  return of.length === 0 ? 'not supported' : `${of.filter(isSame).length} of ${of.length}`
}

function renderDifferences(results: readonly Result[]): string {
  const differing = new Map<string, Result[]>()
  for (const result of results.filter((one) => !isSame(one))) {
    const { run, differences } = result
    const key = JSON.stringify([run.middleware, run.does, differences])
    differing.set(key, [...(differing.get(key) ?? []), result])
  }
  return `## Differences\n\n${[...differing.values()].map(renderDifference).join('\n\n')}\n`
}

/** @param results the runs with the same differences, one for each platform. */
function renderDifference(results: readonly Result[]): string {
  const [{ run, differences } = { run: undefined, differences: [] }] = results
  if (!run) return ''
  const names = results.map((one) => one.run.platform).join(', ')
  const rows = differences.map(({ request, what, peer, ours }) => [request, what, code(peer), code(ours)])
  const heading = `### ${run.middleware} ${run.does}`
  return `${heading}\n\n${names}. ${reasonOf(run) ?? ''}\n\n${table(['request', '', 'peer', 'kvsession'], rows)}`
}

function isSame({ differences }: { readonly differences: readonly Difference[] }): boolean {
  return differences.length === 0
}

function code(value: string): string {
  const line = value.replaceAll('|', '\\|').replaceAll('\n', ' ')
  return line === '' ? 'empty' : `\`${line.length > 90 ? `${line.slice(0, 90)}…` : line}\``
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

/** The installed version; empty for a property such as `req.session`. */
function versionOf(middleware: string): string {
  const name = /^(?:@[\w-]+\/)?[\w-]+/.exec(middleware)?.[0] ?? ''
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? []
  const manifest = folders.map((folder) => join(folder, name, 'package.json')).find((file) => existsSync(file))
  if (manifest === undefined) return ''
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'))
  return String(version)
}
