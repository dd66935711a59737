/** One realistic mistake, and the test file whose name it violates. */
export interface Breakage {
  readonly name: string
  readonly file: string
  readonly from: string
  readonly to: string
  readonly caughtBy: string
}

const i01 = 'i01-no-lost-update.test.ts'
const i02 = 'i02-destroyed-stays-destroyed.test.ts'
const i03 = 'i03-one-valid-token.test.ts'
const i04 = 'i04-reads-never-write.test.ts'
const i06 = 'i06-commit-before-first-byte.test.ts'
const i07 = 'i07-outage-is-no-logout.test.ts'
const i08 = 'i08-timeouts.test.ts'
const i09 = 'i09-user-index.test.ts'
const i10 = 'i10-hostile-input.test.ts'

export const breakages: readonly Breakage[] = [
  {
    name: 'write without comparing',
    file: 'write-loop.ts',
    from: 'access.compareAndSet(key, text, decision.write',
    to: 'access.compareAndSet(key, await access.get(key), decision.write',
    caughtBy: i01
  },
  {
    name: 'overwrite instead of merge',
    file: 'commit.ts',
    from: 'mine !== undefined && there !== state.stored',
    to: 'mine === undefined && there !== state.stored',
    caughtBy: i01
  },
  {
    name: 'retry a write whose outcome is unknown',
    file: 'write-loop.ts',
    from: 'unconfirmed.length > 0 && fresh !== text',
    to: 'unconfirmed.length > 99 && fresh !== text',
    caughtBy: i01
  },
  {
    name: 'revive what was destroyed',
    file: 'write-loop.ts',
    from: 'access.compareAndSet(key, text, decision.write',
    to: 'access.compareAndSet(key, await access.get(key), decision.write',
    caughtBy: i02
  },
  {
    name: 'forget to delete the record',
    file: 'transitions.ts',
    from: 'await context.loop.delete(context.recordKey(state.id))',
    to: 'await undefined',
    caughtBy: i02
  },
  {
    name: 'a superseded token cannot log out',
    file: 'transitions.ts',
    from: "state.phase === 'live' || state.phase === 'detached'",
    to: "state.phase === 'live'",
    caughtBy: i02
  },
  {
    name: 'keep the old secret as an alias after regenerate',
    file: 'record-change.ts',
    from: "if (swap === 'rotate') next.a = before",
    to: 'next.a = before',
    caughtBy: i03
  },
  {
    name: 'take a stale secret for the current one',
    file: 'loading.ts',
    from: "return 'stale'",
    to: "return 'current'",
    caughtBy: i03
  },
  {
    name: 'a late login vanishes',
    file: 'transitions.ts',
    from: 'startOver(context, state)\n  }\n  await writeNew',
    to: 'return\n  }\n  await writeNew',
    caughtBy: i03
  },
  {
    name: "keep another user's data at login",
    file: 'commit.ts',
    from: 'was === login.userId || (was === undefined && login.keepData)',
    to: 'login.keepData',
    caughtBy: i03
  },
  {
    name: 'touch on every request',
    file: 'record-change.ts',
    from: 'now - s >= context.policy.touchInterval',
    to: 'now >= s',
    caughtBy: i04
  },
  {
    name: 'store a record for every visitor',
    file: 'session-manager.ts',
    from: 'if (!changed) return\n',
    to: '\n',
    caughtBy: i04
  },
  {
    name: 'answer before the record is safe',
    file: 'session-manager.ts',
    from: 'await inTurn(state, () => storeChanges',
    to: 'void inTurn(state, () => storeChanges',
    caughtBy: i06
  },
  {
    name: 'log in after the headers',
    file: 'response-cookie.ts',
    from: 'state.headers ??= headers(context, state, response)\n  return state.headers',
    to: 'return headers(context, state, response)',
    caughtBy: i06
  },
  {
    name: 'take an unreadable store for an absent session',
    file: 'loading.ts',
    from: "if (policy.onStoreUnavailable === 'error') throw error",
    to: "if (policy.onStoreUnavailable === 'error') return becomeNew(context, state)",
    caughtBy: i07
  },
  {
    name: 'wait for ever for the store',
    file: 'store-access.ts',
    from: 'throw late ?? failed(operation, error, text)\n      })',
    to: 'throw late ?? failed(operation, error, text)\n      }) && pending',
    caughtBy: i07
  },
  {
    name: 'regenerate restarts the absolute limit',
    file: 'record-change.ts',
    from: "if (swap === 'login') restart(next, now)",
    to: 'restart(next, now)',
    caughtBy: i08
  },
  {
    name: 'leave expiry to the store',
    file: 'loading.ts',
    from: 'if (!limit) return record',
    to: 'if (limit) return record\n  if (!limit) return record',
    caughtBy: i08
  },
  {
    name: 'log in without an index entry',
    file: 'commit.ts',
    from: 'login.announced = await announce(context, userId, identity.id, horizon, login.announced)',
    to: 'await undefined',
    caughtBy: i09
  },
  {
    name: 'a login under way passes revokeAll',
    file: 'user-index.ts',
    from: 'index.e !== before.epoch',
    to: 'index.e < before.epoch',
    caughtBy: i09
  },
  {
    name: 'prune the entry of a login under way',
    file: 'user-index.ts',
    from: 'entry.p === undefined || entry.t + lease < now',
    to: 'entry.t <= now',
    caughtBy: i09
  },
  {
    name: 'evict nobody',
    file: 'session-limit.ts',
    from: 'if (count > limit) {',
    to: 'if (count > limit + 99) {',
    caughtBy: i09
  },
  {
    name: 'parse records of any size',
    file: 'loading.ts',
    from: "exceeds(text, policy.maxRecordBytes) ? 'corrupt' : decodeRecord(text)",
    to: 'decodeRecord(text)',
    caughtBy: i10
  },
  {
    name: 'look up every duplicate',
    file: 'loading.ts',
    from: 'const mostLookedUp = 4',
    to: 'const mostLookedUp = 400',
    caughtBy: i10
  },
  {
    name: 'overwrite a record of a future version',
    file: 'record.ts',
    from: "return 'future-version'",
    to: "return 'corrupt'",
    caughtBy: i10
  }
]
