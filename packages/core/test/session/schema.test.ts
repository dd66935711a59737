import { describe, expect, expectTypeOf, it } from 'vitest'
import { createMemoryStore, createSessionManager, type SessionManagerOptions } from '../../src/index.ts'
import { createWorld, secret } from '../support/world.ts'

interface Cart extends Record<string, unknown> {
  items?: string[]
}

/** A Standard Schema for {@link Cart} that fills in the list. */
const schema: NonNullable<SessionManagerOptions<Cart>['schema']> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate(value) {
      const { items = [] } = value as { items?: unknown }
      if (!Array.isArray(items)) return { issues: [{ message: 'items must be a list' }] }
      return { value: { items: items.map(String) } }
    }
  }
}

describe('schema', () => {
  it('types the data and validates it on load; what it fills in is not written by a read', async () => {
    const { browser, store } = createWorld({ schema })
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { items: undefined, other: 1 }))
    const { calls, result } = await store.during(async () => {
      const session = await tab.open()
      const { data } = session
      await tab.commit(session)
      return data
    })
    expect(result).toEqual({ items: [] })
    expect(calls).toHaveLength(1)
    const manager = createSessionManager({ store: createMemoryStore(), secret, schema })
    expectTypeOf((await manager.open('')).data).toEqualTypeOf<Cart>()
  })

  it.each([
    ['reject', {}, true, 'rejected'],
    ['reset', {}, false, 'rejected'],
    [(): Cart => ({ items: ['mended'] }), { items: ['mended'] }, false, 'rejected'],
    [(): undefined => undefined, {}, true, 'rejected']
  ] as const)('a record that no longer fits, with %s', async (onSchemaMismatch, data, isNew, event) => {
    const { browser, another, events } = createWorld()
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { items: 'not a list' }))
    const strict = another({ schema, onSchemaMismatch } as Partial<SessionManagerOptions>)
    const session = await tab.open(strict)
    expect({ data: session.data, isNew: session.isNew }).toEqual({ data, isNew })
    expect(events.some((one) => one.type === event && 'reason' in one && one.reason === 'schema')).toBe(true)
  })

  it('may validate asynchronously', async () => {
    const slow = {
      '~standard': { ...schema['~standard'], validate: async (value: unknown) => schema['~standard'].validate(value) }
    }
    const { browser } = createWorld({ schema: slow })
    const tab = browser()
    await tab.request(({ data }) => Object.assign(data, { items: ['a'] }))
    expect((await tab.open()).data).toEqual({ items: ['a'] })
  })
})
