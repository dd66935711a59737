import { describe, expect, it } from 'vitest'
import { createRandomSource } from '../src/crypto/random.ts'
import { guardCallbacks } from '../src/guard-callbacks.ts'
import type { SessionManagerOptions } from '../src/index.ts'
import { jsonSerializer } from '../src/record/serializer.ts'
import { createMemoryStore } from '../src/store/memory-store.ts'
import { secret } from './support/fixture.ts'

const cause = new Error('the application failed')
const fail = (): never => {
  throw cause
}
const required = { store: createMemoryStore(), secret }

/** Calls every callback of options whose callbacks all return `answer`. */
function callsOf(answer: () => never): readonly (readonly [string, () => unknown])[] {
  const options: SessionManagerOptions = {
    ...required,
    serializer: { serialize: answer, deserialize: answer },
    encryption: { encrypt: answer, decrypt: answer } as unknown as NonNullable<SessionManagerOptions['encryption']>,
    clock: { now: answer },
    onSchemaMismatch: answer,
    onConflict: answer,
    userIdFrom: answer
  }
  const { serializer, encryption, clock, onSchemaMismatch, onConflict, userIdFrom } = guardCallbacks(options)
  return [
    ['serializer', () => serializer.serialize({})],
    ['serializer', () => serializer.deserialize('')],
    ['encryption', () => encryption?.encrypt('', '', '')],
    ['encryption', () => encryption?.decrypt('', '', '')],
    ['clock', () => clock.now()],
    ['onSchemaMismatch', () => typeof onSchemaMismatch === 'function' && onSchemaMismatch({})],
    ['onConflict', () => onConflict?.({ key: 'a', base: 1, ours: 2, theirs: 3 })],
    ['userIdFrom', () => userIdFrom?.({})],
    ['randomBytes', () => createRandomSource(answer)(1)]
  ]
}

describe('a callback of the application', () => {
  it.each(callsOf(fail))(
    'The error of a %s that fails names the option, and has the original error as its cause',
    (option, call) => {
      expect(call).toThrow(
        expect.objectContaining({
          message: `${option} failed. See cause [CALLBACK_FAILED]`,
          code: 'CALLBACK_FAILED',
          cause
        })
      )
    }
  )

  it.each(callsOf(() => Promise.resolve('late') as never))(
    'The error of a %s that returns a promise names the option, and says what it must return',
    (option, call) => {
      expect(call).toThrow(
        expect.objectContaining({
          message: `${option} must return a value of its type, and no promise [OPTION_INVALID]`
        })
      )
    }
  )
})

describe('a callback that the application leaves out', () => {
  it('The serializer is the strict one by default, or the one that the option names', () => {
    expect(guardCallbacks(required).serializer).toBe(jsonSerializer)
    const lossy = guardCallbacks({ ...required, serializer: 'json-lossy' }).serializer
    expect(lossy.serialize({ map: new Map() })).toBe('{"map":{}}')
  })

  it('The option onSchemaMismatch is kept if it is a name', () => {
    expect(guardCallbacks(required).onSchemaMismatch).toBeUndefined()
    expect(guardCallbacks({ ...required, onSchemaMismatch: 'reject' }).onSchemaMismatch).toBe('reject')
  })
})

describe('the clock', () => {
  it('The sleep of a custom clock is called with the time to wait', async () => {
    const slept: number[] = []
    const sleep = async (milliseconds: number): Promise<void> => void slept.push(milliseconds)
    const { clock } = guardCallbacks({ ...required, clock: { now: () => 1, sleep } })
    await clock.sleep(7)
    expect(slept).toEqual([7])
  })
})
