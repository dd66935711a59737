/** Code of core that no test of core reaches, and why that is right. Matched by file and by a part of its line. */
export interface Unreached {
  readonly file: string
  readonly part: string
  readonly why: string
}

const typed = 'Only the types require it; the value is always present at this point.'
const readable = 'The serializer has just written this string, or has parsed it before.'

export const unreached: readonly Unreached[] = [
  { file: 'adapter.ts', part: 'return watchFailure(', why: 'Only adapters call it; their tests reach it.' },
  {
    file: 'callback.ts',
    part: 'isSessionError(cause) ? cause',
    why: 'The errors of ours that a callback throws come from a serializer, which throws them itself.'
  },
  {
    file: 'crypto-node.ts',
    part: 'isBuildingSnapshot?.() ? 0',
    why: 'The test of a startup snapshot runs in a process of its own.'
  },
  { file: 'crypto-node.ts', part: 'data[i] ?? 0', why: typed },
  { file: 'crypto-portable.ts', part: '?? 0', why: typed },
  { file: 'payload.ts', part: 'encryption.plainUntil ?? 0', why: typed },
  { file: 'payload.ts', part: 'deserializeData(context, plaintext) ?? {}', why: readable },
  { file: 'after-commit.ts', part: 'deserializeData(context, plaintext) ?? {}', why: readable },
  { file: 'after-commit.ts', part: 'serialized ?? context.emptyPayload', why: readable },
  { file: 'after-commit.ts', part: "state.id ?? ''", why: 'A live session has an id.' },
  {
    file: 'commit.ts',
    part: 'if (!(error instanceof SessionError)) throw error',
    why: 'Every failure of a write is typed.'
  },
  { file: 'create-record.ts', part: "state.id ?? ''", why: 'A stored session has an id.' },
  { file: 'identify.ts', part: "distinct[i] ?? ''", why: typed },
  { file: 'move-to-new-id.ts', part: "if (!record) return 'gone'", why: 'A live session has a record.' },
  { file: 'move-to-new-id.ts', part: 'stored: () => plaintext', why: 'The plaintext to store is known, so this function is not called.' },
  { file: 'move-to-new-id.ts', part: "owner.plaintext ?? ''", why: typed },
  { file: 'next-data.ts', part: "stored() ?? ''", why: 'A payload that cannot be read has ended the write before.' },
  { file: 'next-data.ts', part: 'deserializeData(context, baseline) ?? {}', why: readable },
  { file: 'next-data.ts', part: 'deserializeData(context, ours) ?? {}', why: readable },
  { file: 'save.ts', part: 'serializeData(context, data)) ?? {}', why: readable },
  { file: 'update-record.ts', part: "if (!base) return 'gone'", why: 'A live session has a record.' },
  {
    file: 'update-record.ts',
    part: "stored() ?? ''",
    why: 'A payload that cannot be read has ended the write before.'
  },
  {
    file: 'bounded-entries.ts',
    part: 'next.done ? undefined : next.value',
    why: 'The map is not empty: something was just added.'
  },
  { file: 'non-atomic-store.ts', part: '?? none()', why: 'The method was there when the store was wrapped.' },
  {
    file: 'non-atomic-store.ts',
    part: 'deleteExpired?.()) ?? 0',
    why: 'The method was there when the store was wrapped.'
  },
  {
    file: 'session-limit.ts',
    part: 'index.entries.get(login.id)?.since ?? 0',
    why: 'A confirmed login is in the index that it confirmed.'
  },
  { file: 'session-limit.ts', part: 'randomBytes(1)[0] ?? 0', why: typed },
  { file: 'sweeper.ts', part: 'randomBytes(1)[0] ?? 0', why: typed },
  { file: 'token.ts', part: 'bytes[offset + i] ?? 0', why: typed },
  { file: 'token.ts', part: 'bytes[start + (i >> 1)] ?? 0', why: typed },
  { file: 'write-group.ts', part: 'randomBytes(1)[0] ?? 0', why: typed }
]
