/** Code of core that no test of core reaches, and why that is right. Matched by file and by a part of its line. */
export interface Unreached {
  readonly file: string
  readonly part: string
  readonly why: string
}

const typed = 'The types ask for it; the value is always there at this point.'
const readable = 'The text was written by the serializer a moment ago, or was read once already.'

export const unreached: readonly Unreached[] = [
  { file: 'after-commit.ts', part: 'deserializeData(context, plain) ?? {}', why: readable },
  { file: 'after-commit.ts', part: 'mine ?? context.emptyPayload', why: readable },
  { file: 'commit.ts', part: "if (!base) return 'gone'", why: 'A live session has a record; the types ask for it.' },
  { file: 'commit.ts', part: "stored() ?? ''", why: 'A payload that cannot be read has ended the write before.' },
  { file: 'crypto-node.ts', part: 'data[i] ?? 0', why: typed },
  { file: 'crypto-portable.ts', part: '?? 0', why: typed },
  { file: 'next-data.ts', part: "userOf(context, mine ?? '')", why: typed },
  { file: 'next-data.ts', part: "stored() ?? ''", why: 'A payload that cannot be read has ended the write before.' },
  { file: 'next-data.ts', part: 'deserializeData(context, state.baseline) ?? {}', why: readable },
  { file: 'next-data.ts', part: 'deserializeData(context, mine) ?? {}', why: readable },
  { file: 'load.ts', part: "distinct[i] ?? ''", why: typed },
  {
    file: 'bounded-entries.ts',
    part: 'if (next !== undefined) this.delete',
    why: 'The map is not empty: something was just added.'
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
  { file: 'payload.ts', part: 'deserializeData(context, plain) ?? {}', why: readable },
  {
    file: 'session-limit.ts',
    part: 'confirmed.s[login.id]?.t ?? 0',
    why: 'A confirmed login is in the index that it confirmed.'
  },
  { file: 'session-limit.ts', part: 'randomBytes(1)[0] ?? 0', why: typed },
  {
    file: 'session-state.ts',
    part: 'stored === undefined ? undefined',
    why: 'A payload that does not decrypt was refused at load.'
  },
  { file: 'store-access.ts', part: "source.stack ?? ''", why: 'Errors have stacks, on every engine that runs this.' },
  { file: 'sweeper.ts', part: 'randomBytes(1)[0] ?? 0', why: typed },
  { file: 'transitions.ts', part: "const id = state.id ?? ''", why: 'A session that is over or detached has an id.' },
  { file: 'transitions.ts', part: 'serializeData(context, data)) ?? {}', why: readable },
  { file: 'token.ts', part: 'bytes[offset + i] ?? 0', why: typed },
  { file: 'token.ts', part: 'bytes[start + (i >> 1)] ?? 0', why: typed },
  { file: 'write-group.ts', part: 'randomBytes(1)[0] ?? 0', why: typed }
]
