import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { CookieOptions, SessionData, SessionManagerOptions } from '../../src/index.ts'
import { createMemoryStore, jsonSerializer, type Serializer } from '../../src/index.ts'
import { createEncryption } from '../../src/record/encryption.ts'
import { createFixture, secret, setCookieOf, start } from '../support/fixture.ts'
import { longest, type Order, type Rollout, rollOut, type Stage } from '../support/fleet.ts'

type Options = Partial<SessionManagerOptions>
type ManagerOption = Exclude<keyof SessionManagerOptions, 'cookie'> | `cookie.${keyof CookieOptions}`

/** One row of the table in docs/operations.md, and the deployments that prove it. */
interface Change extends Pick<Rollout, 'bytes' | 'readOnly' | 'ignoresData'> {
  readonly change: string
  /** As in the table; any value but `nobody` names the visitors of the test. */
  readonly loggedOut: string
  readonly stages: (now: { readonly value: number }) => readonly Stage[]
}

/** One deployment from some options to others, or one for each of several steps. */
function through(...steps: readonly Options[]): Change['stages'] {
  return () => steps.map((options) => ({ options }))
}

function change(what: string, loggedOut: string, stages: Change['stages'], traffic: Partial<Change> = {}): Change {
  return { change: what, loggedOut, stages, ...traffic }
}

function harmless(what: string, ...steps: readonly Options[]): Change {
  return change(what, 'nobody', through(...steps))
}

function cookie(options: CookieOptions): Options {
  return { cookie: options }
}

/** Two managers in each process, for as long as the longest session lives. */
function sideBySide(make: () => readonly [Options, Options]): Change {
  return change('the same, with two managers side by side', 'nobody', () => {
    const [before, after] = make()
    return [
      { options: before },
      { options: before, beside: after },
      { options: after, beside: before },
      { options: after, after: longest }
    ]
  })
}

const [first, second] = [secret, `second ${secret}`]
const clock = { now: () => start }

function prefixed(prefix: string, reads: (serialized: string) => string): Serializer {
  return {
    serialize: (data) => prefix + jsonSerializer.serialize(data),
    deserialize: (serialized) => JSON.parse(reads(serialized))
  }
}

/** A format other than JSON, for short. */
const format = {
  spaced: { serialize: (data: unknown) => JSON.stringify(data, null, 1), deserialize: JSON.parse },
  other: prefixed('#', (serialized) => serialized.replace(/^[^#].*/, 'not this format').slice(1)),
  readsBoth: prefixed('', (serialized) => serialized.replace(/^#/, '')),
  otherReadsBoth: prefixed('#', (serialized) => serialized.replace(/^#/, ''))
}

/** The data of the next version has a theme. */
const schema = {
  '~standard': {
    version: 1 as const,
    vendor: 'test',
    validate: (data: unknown) => {
      if (Object.keys(Object(data)).length === 0) return { value: addTheme(data) }
      return Object.hasOwn(Object(data), 'theme')
        ? { value: data as SessionData }
        : { issues: [{ message: 'no theme' }] }
    }
  }
}

/** Like Zod's `z.object({ views: z.number().optional() })`. */
const stripping = {
  '~standard': {
    version: 1 as const,
    vendor: 'test',
    validate: (data: unknown) => ({ value: 'views' in Object(data) ? { views: Object(data).views } : {} })
  }
}

function addTheme(data: unknown): SessionData {
  return { ...(data as SessionData), theme: 'light' }
}

const encryptionSecret = 'a secret for encryption that is long enough'

function encrypted(more: Partial<Parameters<typeof createEncryption>[0]> = {}): Options {
  return { encryption: createEncryption({ secret: encryptionSecret, ...more }) }
}

/** Each option of a manager or of its cookie: an option that is missing here does not compile. */
const changes: Readonly<Record<ManagerOption, readonly Change[]>> = {
  store: [
    change('another one', 'everybody', () => [{ options: {} }, { options: { store: createMemoryStore({ clock }) } }]),
    sideBySide(() => [{}, { store: createMemoryStore({ clock }) }])
  ],
  secret: [
    change('a new one, in three steps', 'nobody', () => [
      { options: { secret: first } },
      { options: { secret: [first, second] } },
      { options: { secret: [second, first] } },
      { options: { secret: second }, after: longest }
    ]),
    change('a new one first, the old one second', 'everybody', through({ secret: first }, { secret: [second, first] })),
    change('another one at once', 'everybody', through({ secret: first }, { secret: second }))
  ],
  transport: [change('another one', 'everybody', through({}, { transport: 'bearer' }))],
  'cookie.name': [
    change('another one', 'everybody', through({}, cookie({ name: 'id' }))),
    sideBySide(() => [{}, cookie({ name: 'id' })])
  ],
  'cookie.path': [
    harmless("set to `'/'`, the default", {}, cookie({ path: '/' })),
    change("`'/'` to another one", 'everybody', through({}, cookie({ path: '/app' }))),
    harmless(
      'another one, `prefix` stays',
      cookie({ path: '/app', prefix: 'secure' }),
      cookie({ path: '/', prefix: 'secure' })
    )
  ],
  'cookie.domain': [
    change('set', 'everybody', through({}, cookie({ domain: 'example.com' }))),
    change('removed', 'everybody', through(cookie({ domain: 'example.com' }), {})),
    harmless(
      'set or removed, `prefix` stays',
      cookie({ prefix: 'secure' }),
      cookie({ prefix: 'secure', domain: 'example.com' }),
      cookie({ prefix: 'secure' })
    )
  ],
  'cookie.sameSite': [
    harmless('any', {}, cookie({ sameSite: 'strict' }), cookie({ sameSite: 'none' }), cookie({ sameSite: 'lax' }))
  ],
  'cookie.secure': [
    harmless("`'auto'` to `true`, or back", {}, cookie({ secure: true }), {}),
    change('`false` to something else, or back', 'everybody', through(cookie({ secure: false }), {}))
  ],
  'cookie.httpOnly': [harmless('any', {}, cookie({ httpOnly: false }), {})],
  'cookie.partitioned': [harmless('any', {}, cookie({ partitioned: true }), {})],
  'cookie.priority': [harmless('any', {}, cookie({ priority: 'high' }), {})],
  'cookie.prefix': [
    change('any', 'everybody', through({}, cookie({ prefix: 'secure' }))),
    sideBySide(() => [{}, cookie({ prefix: 'secure' })])
  ],
  idleTimeout: [
    harmless('longer', { idleTimeout: '30m' }, { idleTimeout: '2h' }),
    harmless('shorter', { idleTimeout: '1h' }, { idleTimeout: '15m' }),
    change(
      'shorter than `touchInterval` was',
      'readers in use',
      () => [
        { options: { touchInterval: '40m' } },
        { options: { touchInterval: '1m', idleTimeout: '25m' }, after: 20 * 60_000 }
      ],
      { readOnly: true }
    ),
    change(
      'the same, after `touchInterval`',
      'nobody',
      () => [
        { options: { touchInterval: '40m' } },
        { options: { touchInterval: '1m' } },
        { options: { touchInterval: '1m', idleTimeout: '25m' }, after: 40 * 60_000 }
      ],
      { readOnly: true }
    )
  ],
  absoluteTimeout: [
    harmless('longer', { absoluteTimeout: '90m' }, { absoluteTimeout: '8h' }),
    harmless('shorter', { absoluteTimeout: '2h' }, { absoluteTimeout: '1h' })
  ],
  anonymousTimeout: [
    harmless('longer', { anonymousTimeout: '1h' }, { anonymousTimeout: '2h' }),
    harmless('shorter', { anonymousTimeout: '2h' }, { anonymousTimeout: '1h' })
  ],
  permanent: [harmless('any', {}, { permanent: true }, { permanent: '3h' }, {})],
  rolling: [
    harmless('on', {}, { maxLifetime: '4h', rolling: true }),
    harmless('off', { maxLifetime: '4h', rolling: true }, {})
  ],
  permanentLifetime: [
    harmless('longer', { permanentLifetime: '2h' }, { permanentLifetime: '30d' }),
    harmless('shorter', { permanentLifetime: '3h' }, { permanentLifetime: '1h' })
  ],
  maxLifetime: [
    harmless('longer', { permanentLifetime: '2h', maxLifetime: '2h' }, { maxLifetime: '30d' }),
    harmless('shorter', { maxLifetime: '3h' }, { permanentLifetime: '1h', maxLifetime: '1h' })
  ],
  touchInterval: [
    harmless('longer', { touchInterval: '10s' }, { touchInterval: '10m' }),
    harmless('shorter', { touchInterval: '10m' }, { touchInterval: '10s' })
  ],
  rotateAfter: [harmless('any', {}, { rotateAfter: '5m' }, { rotateAfter: '1m' }, { rotateAfter: '10m' }, {})],
  graceWindow: [
    harmless('any', {}, { graceWindow: '10m' }, { graceWindow: '1s' }),
    harmless(
      'any, with `rotateAfter`',
      { rotateAfter: '5m' },
      { rotateAfter: '5m', graceWindow: '10m' },
      { rotateAfter: '5m', graceWindow: '1s' }
    )
  ],
  namespace: [
    change('another one', 'everybody', through({}, { namespace: 'others' })),
    sideBySide(() => [{}, { namespace: 'others' }])
  ],
  serializer: [
    harmless('each one reads what the other one writes', {}, { serializer: format.spaced }, {}),
    change('the new one does not read the old format', 'everybody', through({}, { serializer: format.other })),
    change('the old one does not read the new format', 'everybody', through({}, { serializer: format.otherReadsBoth })),
    change('another format, in stages', 'nobody', () => [
      { options: {} },
      { options: { serializer: format.readsBoth } },
      { options: { serializer: format.otherReadsBoth } },
      { options: { serializer: format.other }, after: longest }
    ])
  ],
  encryption: [
    change('on, in stages', 'nobody', ({ value }) => [
      { options: {} },
      { options: encrypted({ write: false }) },
      { options: encrypted({ plainUntil: value + 3 * longest }) },
      { options: encrypted(), after: longest }
    ]),
    change('off, in stages', 'nobody', ({ value }) => [
      { options: encrypted() },
      { options: encrypted({ plainUntil: value + 3 * longest }) },
      { options: encrypted({ write: false }) },
      { options: {}, after: longest }
    ]),
    change('on at once', 'everybody', through({}, encrypted())),
    change('off at once', 'everybody', through(encrypted(), {})),
    change('a new secret, in three steps', 'nobody', () => [
      { options: encrypted({ secret: first }) },
      { options: encrypted({ secret: [first, second] }) },
      { options: encrypted({ secret: [second, first] }) },
      { options: encrypted({ secret: second }), after: longest }
    ]),
    change('another secret at once', 'everybody', through(encrypted({ secret: first }), encrypted({ secret: second })))
  ],
  schema: [
    harmless('set, and `onSchemaMismatch` repairs the data', {}, { schema, onSchemaMismatch: addTheme }),
    change(
      "set, with `onSchemaMismatch: 'reject'`",
      'whoever has data that does not fit',
      through({}, { schema, onSchemaMismatch: 'reject' })
    ),
    change('set or changed, and it strips keys that it does not name', 'nobody', through({}, { schema: stripping }), {
      ignoresData: true
    }),
    harmless('removed', { schema, onSchemaMismatch: addTheme }, {})
  ],
  onSchemaMismatch: [
    change("set to `'reset'` with a new schema", 'nobody', through({}, { schema, onSchemaMismatch: 'reset' }), {
      ignoresData: true
    })
  ],
  onConflict: [harmless('any', {}, { onConflict: ({ theirs }) => theirs }, {})],
  maxRecordBytes: [
    change(
      'raised to at most twice as much',
      'nobody',
      through({ maxRecordBytes: 10_000 }, { maxRecordBytes: 20_000 }),
      {
        bytes: 19_000
      }
    ),
    change(
      'raised further at once',
      'whoever stores more than twice the old limit',
      through({ maxRecordBytes: 10_000 }, { maxRecordBytes: 40_000 }),
      { bytes: 21_000 }
    ),
    change(
      'raised to at most 1.4 times as much, with `encryption`',
      'nobody',
      through({ ...encrypted(), maxRecordBytes: 10_000 }, { ...encrypted(), maxRecordBytes: 14_000 }),
      { bytes: 13_500 }
    ),
    change('lowered to at least half', 'nobody', through({ maxRecordBytes: 20_000 }, { maxRecordBytes: 10_000 }), {
      bytes: 19_000
    }),
    change(
      'lowered further at once',
      'whoever stores more than twice the new limit',
      through({ maxRecordBytes: 40_000 }, { maxRecordBytes: 10_000 }),
      { bytes: 21_000 }
    )
  ],
  maxSessionsPerUser: [
    harmless('any', {}, { maxSessionsPerUser: false }, { maxSessionsPerUser: 20 }, { maxSessionsPerUser: 50 })
  ],
  userIdFrom: [harmless('set or removed', {}, { userIdFrom: ({ user }) => user as string | undefined }, {})],
  storeTimeout: [harmless('any', {}, { storeTimeout: '15s' }, { storeTimeout: '1s' })],
  onStoreUnavailable: [harmless('any', {}, { onStoreUnavailable: 'anonymous' }, {})],
  allowNonAtomicStore: [harmless('any', {}, { allowNonAtomicStore: true }, {})],
  markPrivate: [harmless('any', {}, { markPrivate: false }, {})],
  lazy: [harmless('any', {}, { lazy: true }, {})],
  commitOnError: [harmless('any', {}, { commitOnError: false }, {})],
  secretBits: [harmless('any', {}, { secretBits: 512 }, { secretBits: 256 }, {})],
  randomBytes: [harmless('any', {}, { randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)) }, {})],
  clock: [
    change('clocks that differ by less than a minute', 'nobody', (now) => [
      { options: {} },
      { options: { clock: { now: () => now.value + 59_000 } } }
    ])
  ],
  onEvent: [harmless('any', {}, { onEvent: () => {} }, {})],
  by: [harmless('any', {}, { by: 'web' }, {})]
}

const orders: readonly Order[] = ['first process first', 'second process first', 'one step back']

for (const [option, rows] of Object.entries(changes)) {
  describe(`a rolling change of ${option}`, () => {
    for (const { change, loggedOut, stages, ...traffic } of rows) {
      it.each(orders)(`${change}: logs out ${loggedOut}, %s`, async (order) => {
        const now = { value: start }
        const outcome = await rollOut({ stages: stages(now), order, now, ...traffic })
        expect(outcome).toEqual({
          visitors: outcome.visitors,
          loggedOut: loggedOut === 'nobody' ? 0 : outcome.visitors,
          missed: 0
        })
      })
    }
  })
}

describe('the cookie that a browser has', () => {
  const lifetimes: readonly Options[] = [{ permanentLifetime: '10d' }, { permanentLifetime: '20d' }]

  it('A cookie keeps its attributes and its lifetime when the options change, until it is sent again', async () => {
    const fixture = createFixture(lifetimes[0])
    const tab = fixture.browser()
    await tab.request((session) => {
      session.permanent = true
      return session.login('alice')
    })
    const next = { ...lifetimes[1], ...cookie({ sameSite: 'strict' }) }
    expect(setCookieOf(await tab.request(({ data }) => Object.assign(data, { a: 1 }), fixture.another(next)))).toBe(
      undefined
    )
    const sent = setCookieOf(await tab.request((session) => session.regenerate(), fixture.another(next)))
    expect(sent).toContain(`Max-Age=${20 * 86_400};`)
    expect(sent).toContain('SameSite=Strict')
  })

  it('The cookie is sent again, with the attributes and the lifetime in effect, once a new secret is promoted', async () => {
    const fixture = createFixture({ ...lifetimes[0], secret: [first, second] })
    const tab = fixture.browser()
    await tab.request((session) => {
      session.permanent = true
      return session.login('alice')
    })
    const next = { ...lifetimes[1], ...cookie({ sameSite: 'strict' }), secret: [second, first] }
    const sent = setCookieOf(await tab.request(() => {}, fixture.another(next)))
    expect(sent).toContain(`Max-Age=${20 * 86_400};`)
    expect(sent).toContain('SameSite=Strict')
  })
})

it('A longer idleTimeout applies to a session once the session was used in a process that has it', async () => {
  const fixture = createFixture({ idleTimeout: '1h' })
  const [used, unused] = [fixture.browser(), fixture.browser()]
  for (const tab of [used, unused]) await tab.request((session) => session.login('alice'))
  const next = fixture.another({ idleTimeout: '8h' })
  fixture.now += 30 * 60_000
  await used.request(() => {}, next)
  fixture.now += 2 * 3_600_000
  expect((await used.open(next)).userId).toBe('alice')
  expect((await unused.open(next)).isNew).toBe(true)
})

it("A session that userIdFrom names counts as the user's from its next change of user on", async () => {
  const fixture = createFixture()
  const tab = fixture.browser()
  await tab.request(({ data }) => Object.assign(data, { user: 'alice' }))
  const next = fixture.another({ userIdFrom: ({ user }) => (typeof user === 'string' ? user : undefined) })
  await tab.request(({ data }) => Object.assign(data, { a: 1 }), next)
  expect(await next.revokeAll('alice')).toBe(0)
  for (const user of [undefined, 'alice']) await tab.request(({ data }) => Object.assign(data, { user }), next)
  expect(await next.revokeAll('alice')).toBe(1)
})

it('A schema that strips keys drops unnamed keys at the next write, and a read drops nothing', async () => {
  const fixture = createFixture()
  const tab = fixture.browser()
  await tab.request(({ data }) => Object.assign(data, { views: 1, passport: { user: 'alice' } }))
  const { id } = await tab.open()
  const next = fixture.another({ schema: stripping })
  await tab.request(({ data }) => expect(data).toEqual({ views: 1 }), next)
  expect((await fixture.manager.find(id))?.data).toEqual({ views: 1, passport: { user: 'alice' } })
  await tab.request(({ data }) => Object.assign(data, { views: 2 }), next)
  expect((await fixture.manager.find(id))?.data).toEqual({ views: 2 })
})

const document = readFileSync(new URL('../../../../docs/operations.md', import.meta.url), 'utf8')

it('docs/operations.md lists each change, and which users it logs out', () => {
  const [, section = ''] = document.split('\n## Rolling changes\n')
  const rows = section
    .split('\n## ', 1)
    .join('')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, 4)
        .map((field) => field.trim())
    )
  const proven = Object.entries(changes).flatMap(([option, rowsOfOption]) =>
    rowsOfOption.map(({ change, loggedOut }) => [`\`${option}\``, change, loggedOut])
  )
  expect(rows).toEqual(proven)
})
