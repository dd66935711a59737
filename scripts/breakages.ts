/** One realistic mistake, and the test file that finds it, relative to the tests of core. */
export interface Breakage {
  readonly name: string
  readonly file: string
  readonly from: string
  readonly to: string
  readonly caughtBy: string
}

const i01 = 'invariants/i01-no-lost-update.test.ts'
const i02 = 'invariants/i02-destroyed-stays-destroyed.test.ts'
const i03 = 'invariants/i03-one-valid-token.test.ts'
const i04 = 'invariants/i04-reads-never-write.test.ts'
const i06 = 'invariants/i06-commit-before-first-byte.test.ts'
const i07 = 'invariants/i07-outage-is-no-logout.test.ts'
const i08 = 'invariants/i08-timeouts.test.ts'
const i09 = 'invariants/i09-user-index.test.ts'
const i10 = 'invariants/i10-hostile-input.test.ts'
const interleavings = 'exploration/interleavings.test.ts'
const pairs = 'exploration/pairs.test.ts'
const faults = 'exploration/faults.test.ts'
const groups = 'exploration/groups.test.ts'
const unlike = 'exploration/unlike-managers.test.ts'
const disagree = 'users/managers-that-disagree.test.ts'
const writeGroup = 'store/write-group.test.ts'
const tokens = 'token/token-campaign.test.ts'
const fuzz = 'fuzz/fuzz.test.ts'

export const breakages: readonly Breakage[] = [
  {
    name: 'write without comparing',
    file: 'store/write-group.ts',
    from: 'access.compareAndSet(key, commit.expected, next.write',
    to: 'access.compareAndSet(key, await access.get(key), next.write',
    caughtBy: i01
  },
  {
    name: 'overwrite instead of merge',
    file: 'session/next-data.ts',
    from: 'ours === undefined || theirs === state.stored ||',
    to: 'ours === undefined || theirs !== state.stored ||',
    caughtBy: i01
  },
  {
    name: 'retry a write whose outcome is unknown',
    file: 'store/write-group.ts',
    from: 'unconfirmed.length > 0 && current !== expected',
    to: 'unconfirmed.length > 99 && current !== expected',
    caughtBy: i01
  },
  {
    name: 'revive what was destroyed',
    file: 'store/write-group.ts',
    from: 'access.compareAndSet(key, commit.expected, next.write',
    to: 'access.compareAndSet(key, await access.get(key), next.write',
    caughtBy: i02
  },
  {
    name: 'forget to delete the record',
    file: 'session/transitions.ts',
    from: 'await loop.delete(recordKey(id))',
    to: 'await undefined',
    caughtBy: i02
  },
  {
    name: 'a superseded token cannot log out',
    file: 'session/transitions.ts',
    from: "state.phase === 'live' || state.phase === 'superseded'",
    to: "state.phase === 'live'",
    caughtBy: i02
  },
  {
    name: 'keep the old secret as an alias after regenerate',
    file: 'record/metadata-change.ts',
    from: "if (swap === 'rotate') next.aliasHash = replaced",
    to: 'next.aliasHash = replaced',
    caughtBy: i03
  },
  {
    name: 'take a stale secret for the current one',
    file: 'record/live-record.ts',
    from: "!sameHash(metadata.aliasHash, hash)) return 'stale'",
    to: "!sameHash(metadata.aliasHash, hash)) return 'current'",
    caughtBy: i03
  },
  {
    name: 'a late login vanishes',
    file: 'session/transitions.ts',
    from: 'else becomeNew(context, state, { permanent: state.permanent })',
    to: 'else return',
    caughtBy: i03
  },
  {
    name: "keep another user's data at login",
    file: 'session/next-data.ts',
    from: 'before === userId || (before === undefined && keepData)',
    to: 'keepData',
    caughtBy: i03
  },
  {
    name: 'rotate where no response follows',
    file: 'session/update-record.ts',
    from: 'change.atCommit && current',
    to: 'current',
    caughtBy: 'session/held-session.test.ts'
  },
  {
    name: 'show the user of a session that reload has found ended',
    file: 'session/transitions.ts',
    from: '    becomeForgotten(context, state)\n',
    to: '',
    caughtBy: 'session/held-session.test.ts'
  },
  {
    name: 'touch in a request that only looks',
    file: 'session/update-record.ts',
    from: 'if (!state.passive) markUse(next, now)',
    to: 'markUse(next, now)',
    caughtBy: 'session/passive.test.ts'
  },
  {
    name: 'log out whose data does not fit the schema',
    file: 'data-schema.ts',
    from: "const { onSchemaMismatch = 'reset' } = context",
    to: "const { onSchemaMismatch = 'reject' } = context",
    caughtBy: 'session/schema.test.ts'
  },
  {
    name: 'touch on every request',
    file: 'record/metadata-change.ts',
    from: 'return now - lastSeenAt >= interval',
    to: 'return now >= lastSeenAt',
    caughtBy: i04
  },
  {
    name: 'store a record for every visitor',
    file: 'session/session-state.ts',
    from: 'baseline: emptyPayload,\n    swapped',
    to: "baseline: '',\n    swapped",
    caughtBy: i04
  },
  {
    name: 'answer before the record is safe',
    file: 'session/commit.ts',
    from: 'await storing\n',
    to: 'void storing\n',
    caughtBy: i06
  },
  {
    name: 'log in after the headers',
    file: 'session/response-cookie.ts',
    from: '  becomeSent(state, headers)\n',
    to: '',
    caughtBy: i06
  },
  {
    name: 'take an unreadable store for an absent session',
    file: 'session/load.ts',
    from: "if (onStoreUnavailable === 'error') throw error",
    to: "if (onStoreUnavailable === 'error') return becomeNew(context, state)",
    caughtBy: i07
  },
  {
    name: 'wait for ever for the store',
    file: 'store/store-access.ts',
    from: '    return bound(pending, {',
    to: '    if (1 < 2) return pending.then(accept, (error: unknown) => Promise.reject(unavailable(operation, error, record)))\n    return bound(pending, {',
    caughtBy: i07
  },
  {
    name: 'regenerate restarts the absolute limit',
    file: 'record/metadata-change.ts',
    from: "if (swap === 'login') restart(next, now)",
    to: 'restart(next, now)',
    caughtBy: i08
  },
  {
    name: 'leave expiry to the store',
    file: 'record/live-record.ts',
    from: 'return !limit',
    to: 'return true',
    caughtBy: i08
  },
  {
    name: 'log in without an index entry',
    file: 'session/create-record.ts',
    from: 'return reserve(context, { userId, id: identity.id, keepUntil }, login.reservation).then(',
    to: 'return Promise.resolve(undefined).then(',
    caughtBy: i09
  },
  {
    name: 'a login under way passes revokeAll',
    file: 'users/user-index.ts',
    from: 'index.epoch !== before.epoch',
    to: 'index.epoch < before.epoch',
    caughtBy: i09
  },
  {
    name: 'prune the entry of a login under way',
    file: 'users/user-index.ts',
    from: '!entry.reserved || entry.since + loginTimeout < now',
    to: 'entry.since <= now',
    caughtBy: i09
  },
  {
    name: 'evict nobody',
    file: 'users/session-limit.ts',
    from: 'if (count > limit) {',
    to: 'if (count > limit + 99) {',
    caughtBy: i09
  },
  {
    name: 'parse records of any size',
    file: 'record/payload.ts',
    from: 'exceeds(payload, policy.maxRecordBytes * 2)',
    to: 'exceeds(payload, policy.maxRecordBytes * 1_000)',
    caughtBy: i10
  },
  {
    name: 'look up every duplicate',
    file: 'session/identify.ts',
    from: 'const mostLookedUp = 4',
    to: 'const mostLookedUp = 400',
    caughtBy: i10
  },
  {
    name: 'overwrite a record of a future version',
    file: 'record/record.ts',
    from: "return 'future-version'",
    to: "return 'corrupt'",
    caughtBy: i10
  },
  {
    name: 'revokeAll leaves no trace for the logins under way',
    file: 'users/user-index.ts',
    from: '{ ...index, epoch: index.epoch + 1 }',
    to: '{ ...index }',
    caughtBy: interleavings
  },
  {
    name: 'prune by the index as it is now, not as it was read',
    file: 'users/user-index.ts',
    from: '.compareAndSet(indexKey(context, userId), value, encodeIndex(next',
    to: '.compareAndSet(indexKey(context, userId), await context.access.get(indexKey(context, userId)), encodeIndex(next',
    caughtBy: interleavings
  },
  {
    name: 'shorten the entry of a session that is being made permanent',
    file: 'users/user-index.ts',
    from: 'const keepUntil = Math.max(entry.keepUntil, index.entries.get(id)?.keepUntil ?? 0)',
    to: 'const { keepUntil } = entry',
    caughtBy: pairs
  },
  {
    name: 'believe what the process remembers of a record',
    file: 'store/write-group.ts',
    from: '(fromStore || round.value === member.lastRead?.value)',
    to: 'true',
    caughtBy: faults
  },
  {
    name: 'write again what may have been written',
    file: 'store/write-group.ts',
    from: 'unconfirmed.length > 0 && current !== expected',
    to: 'unconfirmed.length > 99 && current !== expected',
    caughtBy: faults
  },
  {
    name: 'answer a group before it is stored',
    file: 'store/write-group.ts',
    from: 'if (round.open.length === 0) return',
    to: 'resolveAll(round)\n      if (round.open.length === 0) return',
    caughtBy: groups
  },
  {
    name: 'let all of a group decide on the same value',
    file: 'store/write-group.ts',
    from: 'round.value = outcome.write',
    to: '',
    caughtBy: groups
  },
  {
    name: 'tell what a group has not stored',
    file: 'store/write-group.ts',
    from: '(!round.next && (fromStore',
    to: '((fromStore',
    caughtBy: writeGroup
  },
  {
    name: 'a group takes a lost reply for a refusal',
    file: 'store/write-group.ts',
    from: 'const stored = unconfirmed.find(({ value }) => value === current)',
    to: 'const stored = unconfirmed.find(({ value, open }) => value === current && open.length === 1)',
    caughtBy: writeGroup
  },
  {
    name: 'a group decides again after a lost reply',
    file: 'store/write-group.ts',
    from: 'else if (unconfirmed.length > 0 && current !== expected) {',
    to: 'else if (unconfirmed[0]?.open.length === 1 && current !== expected) {',
    caughtBy: groups
  },
  {
    name: 'overtake a destroy',
    file: 'store/key-queue.ts',
    from: 'entry.joinable = earlier && group',
    to: 'entry.joinable ??= earlier && group',
    caughtBy: writeGroup
  },
  {
    name: 'join a group that is being stored',
    file: 'store/key-queue.ts',
    from: 'if (entry.joinable === group) entry.joinable = undefined',
    to: '',
    caughtBy: writeGroup
  },
  {
    name: 'refuse all for the one that is too large',
    file: 'store/write-group.ts',
    from: 'round.open.length > 1 && commit.unconfirmed',
    to: 'round.open.length > 99 && commit.unconfirmed',
    caughtBy: writeGroup
  },
  {
    name: 'compare the first half of a tag',
    file: 'token/token.ts',
    from: 'timingSafeEqual(candidate.mac(bytes, tagOffset), tag)',
    to: 'timingSafeEqual(candidate.mac(bytes, tagOffset).subarray(0, 8), tag.subarray(0, 8))',
    caughtBy: tokens
  },
  {
    name: 'leave the version of a token out',
    file: 'token/token.ts',
    from: "if (bytes[0] !== version) return { rejected: 'version' }",
    to: '',
    caughtBy: tokens
  },
  {
    name: 'decode what is no base64url',
    file: 'token/token.ts',
    from: 'const bytes = decodeBase64url(value, workspace)',
    to: "const bytes = decodeBase64url(text.replaceAll('+', '-').replaceAll('/', '_'), workspace)",
    caughtBy: tokens
  },
  {
    name: 'find a name inside another',
    file: 'transport/cookie-header.ts',
    from: 'if (startsPair(header, at)) {',
    to: 'if (at >= 0) {',
    caughtBy: fuzz
  },
  {
    name: 'take any number for a time',
    file: 'record/field-table.ts',
    from: 'return Number.isSafeInteger(value) && Number(value) >= 0',
    to: "return typeof value === 'number'",
    caughtBy: fuzz
  },
  {
    name: 'encrypt every record with the same key',
    file: 'record/encryption.ts',
    from: 'createAead(keyOf(encoder.encode(key)))',
    to: "createAead(keyOf(encoder.encode('key'.slice(0, Math.min(0, key.length)))))",
    caughtBy: fuzz
  },
  {
    name: 'take any entry of an index',
    file: 'users/user-index-entry.ts',
    from: "keepUntil: ['q', Number.isFinite]",
    to: "keepUntil: ['q', () => true]",
    caughtBy: fuzz
  },
  {
    name: 'end a session only while it is live by these timeouts',
    file: 'users/end-session.ts',
    from: 'if (isOwnedBy(record, owner)) return writeTombstone(context, record)',
    to: 'if (isOwnedBy(record, owner) && context.clock.now() - record.metadata.lastSeenAt < context.policy.idleTimeout) return entomb(context, record)',
    caughtBy: unlike
  },
  {
    name: 'prune what has expired by these timeouts',
    file: 'users/session-limit.ts',
    from: "if (typeof record !== 'string' && record.metadata.userId === userId)",
    to: "if (typeof record !== 'string' && record.metadata.userId === userId && context.clock.now() - record.metadata.lastSeenAt < context.policy.idleTimeout)",
    caughtBy: unlike
  },
  {
    name: 'take what cannot be read for ended',
    file: 'users/end-session.ts',
    from: "  if (record === 'tombstone') return undefined\n  throw new SessionError(",
    to: "  if (record !== 'never') return undefined\n  throw new SessionError(",
    caughtBy: disagree
  },
  {
    name: 'drop the entries that have expired by this clock',
    file: 'users/user-index.ts',
    from: 'entry.keepUntil + clockTolerance > now',
    to: 'entry.keepUntil > now',
    caughtBy: disagree
  },
  {
    name: 'shorten the session by an update',
    file: 'users/end-session.ts',
    from: 'expiresAt: metadata.indexedUntil ?? absoluteDeadline(metadata, policy), result',
    to: 'expiresAt: deadline(metadata, policy), result',
    caughtBy: disagree
  },
  {
    name: 'let a touch leave the index as it is',
    file: 'users/user-index.ts',
    from: '(keepUntil === indexedUntil && !isTouch)',
    to: 'keepUntil === indexedUntil',
    caughtBy: disagree
  },
  {
    name: 'stop revokeAll at the first session that it cannot end',
    file: 'users/user-index.ts',
    from: '        return undefined\n      }, asFailure)',
    to: '        return undefined\n      })',
    caughtBy: disagree
  },
  {
    name: 'fail a touch for the size of the data',
    file: 'session/update-record.ts',
    from: '  if (plan.plaintext !== undefined) checkSize(context, plan.plaintext)',
    to: '  checkSize(context, payload + JSON.stringify(metadata))',
    caughtBy: 'session/bounds.test.ts'
  },
  {
    name: 'open an encrypted session without its key',
    file: 'record/payload.ts',
    from: 'return metadata.encrypted ? undefined : payload',
    to: 'return payload',
    caughtBy: 'record/encryption-in-stages.test.ts'
  },
  {
    name: 'evict the index of a user like a session',
    file: 'store/bounded-entries.ts',
    from: '([key]) => !userIndexKey.test(key)',
    to: '() => true',
    caughtBy: disagree
  },
  {
    name: 'raise the epoch after the sessions have ended',
    file: 'users/user-index.ts',
    from: '    await raiseEpoch()\n  }\n  const failures = await endAll()',
    to: '  }\n  const failures = await endAll()\n  if (failure) await raiseEpoch()',
    caughtBy: faults
  }
]
