import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { CookieOptions, SessionEvent, SessionManagerOptions } from '../src/index.ts'

// Complete and without strangers, or they do not compile.
const eventTypes = {
  created: true,
  loaded: true,
  rejected: true,
  dataReset: true,
  touched: true,
  saved: true,
  conflict: true,
  loggedIn: true,
  regenerated: true,
  rotated: true,
  destroyed: true,
  expired: true,
  superseded: true,
  dropped: true,
  evicted: true,
  swept: true,
  storeError: true,
  commitFailed: true,
  cookieSkipped: true,
  cacheControlTightened: true
} satisfies Record<SessionEvent['type'], true>

type ReasonOf<Type extends SessionEvent['type']> =
  Extract<SessionEvent, { type: Type }> extends { reason: infer Reason extends string } ? Reason : never

const rejectionReasons = {
  malformed: true,
  version: true,
  signature: true,
  lifetime: true,
  unknown: true,
  corrupt: true,
  'future-version': true,
  schema: true,
  'too-many-cookies': true,
  ambiguous: true
} satisfies Record<ReasonOf<'rejected'>, true>

const dropReasons = { gone: true, superseded: true, detached: true, late: true } satisfies Record<
  ReasonOf<'dropped'>,
  true
>

const managerOptions = {
  store: true,
  secret: true,
  transport: true,
  cookie: true,
  idleTimeout: true,
  absoluteTimeout: true,
  anonymousTimeout: true,
  permanent: true,
  rolling: true,
  permanentLifetime: true,
  maxLifetime: true,
  touchInterval: true,
  rotateAfter: true,
  graceWindow: true,
  namespace: true,
  serializer: true,
  encryption: true,
  schema: true,
  onSchemaMismatch: true,
  onConflict: true,
  maxRecordBytes: true,
  maxSessionsPerUser: true,
  userIdFrom: true,
  storeTimeout: true,
  onStoreUnavailable: true,
  allowNonAtomicStore: true,
  lazy: true,
  commitOnError: true,
  markPrivate: true,
  secretBits: true,
  randomBytes: true,
  by: true,
  clock: true,
  onEvent: true
} satisfies Record<keyof SessionManagerOptions, true>

const cookieOptions = {
  name: true,
  path: true,
  domain: true,
  sameSite: true,
  secure: true,
  httpOnly: true,
  partitioned: true,
  priority: true,
  prefix: true
} satisfies Record<keyof CookieOptions, true>

/** The rows of the table under a heading, with the names in their first cell. */
function tableUnder(heading: string, file: string): readonly { readonly names: string[]; readonly row: string }[] {
  const document = readFileSync(new URL(file, import.meta.url), 'utf8')
  const [, section = ''] = document.split(`\n## ${heading}\n`)
  const [table = ''] = section.split(/\n## /)
  return table
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((row) => ({
      names: [...(row.split(/(?<!\\)\|/)[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
      row
    }))
}

const events = tableUnder('Events', '../../../docs/concepts.md')

describe('docs/concepts.md', () => {
  it('docs/concepts.md lists every type of event, once, and no type that does not exist', () => {
    expect(events.flatMap(({ names }) => names).toSorted()).toEqual(Object.keys(eventTypes).toSorted())
  })

  it.each([
    ['rejected', rejectionReasons],
    ['dropped', dropReasons]
  ])('docs/concepts.md lists every reason of the event `%s`', (type, reasons) => {
    const row = events.find(({ names }) => names.includes(type))?.row
    for (const reason of Object.keys(reasons)) expect(row).toContain(`\`${reason}\``)
  })
})

it('The README of core lists every option, once, and no option that does not exist', () => {
  const { cookie: _, ...options } = managerOptions
  const names = [...Object.keys(options), ...Object.keys(cookieOptions).map((name) => `cookie.${name}`)]
  const listed = tableUnder('Options', '../README.md').flatMap((row) => row.names)
  expect(listed.toSorted()).toEqual(names.toSorted())
})
