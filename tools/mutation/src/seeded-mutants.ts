/** One realistic mistake in core that no mutation operator makes, and a test file that must fail for it. */
export interface SeededMutant {
  /** What the broken core does. */
  readonly name: string
  /** Relative to the root. */
  readonly file: string
  /** Occurs once in the file. */
  readonly replace: string
  readonly by: string
  /** Relative to the root. */
  readonly testFiles: readonly string[]
}

/** What the broken core does; the code to replace; its replacement; test files below `packages/core/test`. */
type Row = readonly [name: string, replace: string, by: string, ...tests: readonly [string, ...string[]]]

const faults = 'exploration/faults'
const groups = 'exploration/groups'
const interleavings = 'exploration/interleavings'
const disagree = 'users/managers-that-disagree'
const unlike = 'exploration/unlike-managers'
const fuzz = 'fuzz/fuzz'
const tokens = 'token/token-campaign'
const [i01, i02] = ['invariants/i01-no-lost-update', 'invariants/i02-destroyed-stays-destroyed']
const isLiveHere = 'context.clock.now() - record.metadata.lastSeenAt < context.policy.idleTimeout'

const rows: Readonly<Record<string, readonly Row[]>> = {
  'data-schema.ts': [
    ['ends sessions that do not fit the schema', "Mismatch = 'reset' }", "Mismatch = 'reject' }", 'session/schema']
  ],
  'record/encryption.ts': [['encrypts every record with one key', 'encode(key))', "encode('one'.slice(+!key)))", fuzz]],
  'record/field-table.ts': [
    [
      'accepts any number as a time',
      'Number.isSafeInteger(value) && Number(value) >= 0',
      "typeof value === 'number'",
      fuzz
    ]
  ],
  'record/live-record.ts': [['leaves expiry to the store', 'return !limit', 'return true', 'invariants/i08-timeouts']],
  'record/payload.ts': [
    [
      'opens encrypted sessions without a key',
      'encrypted ? undefined : payload',
      'encrypted ? payload : payload',
      'record/encryption-in-stages'
    ]
  ],
  'session/create-record.ts': [
    [
      'logs in without an index entry',
      'return reserve(context, { userId, id: identity.id, keepUntil }, login.reservation).then(',
      'return Promise.resolve(undefined).then(',
      'invariants/i09-user-index'
    ]
  ],
  'session/identify.ts': [
    ['looks up every duplicate', 'mostLookedUp = 4', 'mostLookedUp = 400', 'invariants/i10-hostile-input']
  ],
  'session/load.ts': [
    [
      'takes an unreadable store for an absent session',
      "=== 'error') throw error",
      "=== 'error') return becomeNew(context, state)",
      'invariants/i07-outage-is-no-logout'
    ]
  ],
  'session/session-state.ts': [
    [
      'stores a record for every visitor',
      'baseline: emptyPayload,\n    swapped',
      "baseline: '',\n    swapped",
      'invariants/i04-reads-never-write'
    ]
  ],
  'session/transitions.ts': [
    ['does not delete the record', 'await loop.delete(recordKey(id))', '', i02],
    ['drops a late login', 'else becomeNew(', 'else return; becomeNew(', 'invariants/i03-one-valid-token']
  ],
  'session/update-record.ts': [
    [
      'fails a touch for the size of the data',
      'if (plan.plaintext !== undefined) checkSize(context, plan.plaintext)',
      'checkSize(context, payload + JSON.stringify(metadata))',
      'session/bounds'
    ]
  ],
  'store/key-queue.ts': [
    ['overtakes a destroy', 'entry.joinable = earlier', 'entry.joinable ??= earlier', 'store/write-group']
  ],
  'store/store-access.ts': [
    [
      'waits for the store without a limit',
      'storeTimeout * timeouts',
      '2 ** 30 * timeouts',
      'invariants/i07-outage-is-no-logout'
    ]
  ],
  'store/write-group.ts': [
    [
      'writes without comparing, and revives what was destroyed',
      'commit.expected, next.write',
      'await access.get(key), next.write',
      i01,
      i02
    ],
    [
      'trusts what the process remembers of a record',
      '(fromStore || round.value === member.lastRead?.value)',
      'true',
      faults
    ],
    [
      'writes again what may have been written',
      'unconfirmed.length > 0 && current',
      'unconfirmed.length > 99 && current',
      faults
    ],
    [
      'answers a group before it is stored',
      'if (round.open.length === 0)',
      'resolveAll(round)\n if (round.open.length === 0)',
      groups
    ],
    ['lets all writes of a group decide on one value', 'round.value = outcome.write', '', groups],
    ['reports what a group has not stored', '!round.next && (fromStore', '(fromStore', 'store/write-group'],
    [
      'takes a lost reply to a group for a refusal',
      '({ value }) => value === current',
      '({ value, open }) => value === current && open.length === 1',
      'store/write-group'
    ],
    [
      'decides a group again after a lost reply',
      'unconfirmed.length > 0 && current',
      'unconfirmed[0]?.open.length === 1 && current',
      groups
    ]
  ],
  'token/token.ts': [
    [
      'compares the first half of a tag',
      'candidate.mac(bytes, tagOffset), tag',
      'candidate.mac(bytes, tagOffset).subarray(0, 8), tag.subarray(0, 8)',
      tokens
    ],
    ['ignores the version of a token', "if (bytes[0] !== version) return { rejected: 'version' }", '', tokens],
    [
      'decodes base64 as base64url',
      'decodeBase64url(text, ',
      "decodeBase64url(text.replaceAll('+', '-').replaceAll('/', '_'), ",
      tokens
    ]
  ],
  'transport/cookie-header.ts': [
    ['finds a cookie name inside another', 'if (startsPair(header, at))', 'if (at >= 0)', fuzz]
  ],
  'users/end-session.ts': [
    [
      'ends only sessions that are live by its own timeouts',
      'if (isOwnedBy(record, owner)) return entomb',
      `if (isOwnedBy(record, owner) && ${isLiveHere}) return entomb`,
      unlike
    ],
    ['shortens the session by an update', 'metadata.indexedUntil ?? absoluteDeadline(', 'deadline(', disagree]
  ],
  'users/session-limit.ts': [
    [
      'prunes what has expired by its own timeouts',
      'record.metadata.userId === userId)',
      `record.metadata.userId === userId && ${isLiveHere})`,
      unlike
    ]
  ],
  'users/user-index-entry.ts': [['accepts any entry of an index', "['q', Number.isFinite]", "['q', () => true]", fuzz]],
  'users/user-index.ts': [
    [
      'leaves no trace of revokeAll for logins under way',
      'epoch: index.epoch + 1',
      'epoch: index.epoch',
      interleavings
    ],
    [
      'prunes by the index of now instead of the one that it read',
      '(context, userId), value, encodeIndex(next',
      '(context, userId), await context.access.get(indexKey(context, userId)), encodeIndex(next',
      interleavings
    ],
    [
      'shortens the entry of a session that becomes permanent',
      'const keepUntil = Math.max(entry.keepUntil, index.entries.get(id)?.keepUntil ?? 0)',
      'const { keepUntil } = entry',
      'exploration/pairs'
    ],
    [
      'drops entries that have expired by its own clock',
      'entry.keepUntil + clockTolerance > now',
      'entry.keepUntil > now',
      disagree
    ],
    ['stops revokeAll at the first session that it cannot end', '}, asFailure)', '})', disagree],
    [
      'raises the epoch after the sessions have ended',
      'await raiseEpoch()\n  }\n  const failures = await endAll()',
      '}\n  const failures = await endAll()\n  if (failure) await raiseEpoch()',
      faults
    ]
  ]
}

export const seededMutants: readonly SeededMutant[] = Object.entries(rows).flatMap(([file, all]) =>
  all.map(([name, replace, by, ...tests]) => ({
    name,
    file: `packages/core/src/${file}`,
    replace,
    by,
    testFiles: tests.map((test) => `packages/core/test/${test}.test.ts`)
  }))
)
