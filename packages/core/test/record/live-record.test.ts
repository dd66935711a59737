import { describe, expect, it } from 'vitest'
import { readLiveRecord, standingOf } from '../../src/record/live-record.ts'
import { firstMetadata } from '../../src/record/metadata-change.ts'
import { encodeRecord, type RecordMetadata } from '../../src/record/record.ts'
import { encodeTombstone } from '../../src/record/tombstone.ts'
import { secretHashOf } from '../../src/session/session-state.ts'
import { createManagerContext } from '../../src/session-manager.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { secret, start } from '../support/fixture.ts'

describe('a stored value and a secret', () => {
  const { context } = createManagerContext({ store: createMemoryStore(), secret, clock: { now: () => start } })
  const identity = (byte: number) => ({ id: 'a'.repeat(32), secret: new Uint8Array(16).fill(byte) })
  const hashOf = (byte: number): string => secretHashOf(context, identity(byte))
  const metadata: RecordMetadata = firstMetadata('w', hashOf(1), start)

  it.each([
    [1, {}, 'current'],
    [2, {}, 'stale'],
    [2, { aliasHash: hashOf(2) }, 'alias'],
    [2, { aliasHash: hashOf(2), aliasUntil: start + 1 }, 'alias'],
    [2, { aliasHash: hashOf(2), aliasUntil: start }, 'stale'],
    [3, { aliasHash: hashOf(2) }, 'stale']
  ] as const)('The secret %i relates to a record with %o as %s', (byte, more, expected) => {
    expect(standingOf(context, { ...metadata, ...more }, identity(byte))).toBe(expected)
  })

  it('A stored value is absent, unreadable, expired or a live record', () => {
    const { value } = encodeRecord(metadata, '{}')
    const read = (given: string | undefined, now = start): unknown =>
      readLiveRecord({ ...context, clock: { now: () => now } }, 'id', given)
    expect(read(undefined)).toBe('absent')
    expect(read(encodeTombstone('w'))).toBe('absent')
    expect(read('junk')).toBe('unreadable')
    expect(read(value, start + 3_600_000)).toBe('expired')
    expect(read(value)).toMatchObject({ value, payload: '{}' })
  })
})
