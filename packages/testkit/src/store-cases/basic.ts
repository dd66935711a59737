import { assertAbsent, assertStays, assertValue } from './assert-value.ts'
import type { CaseGroup, FullStore, StoreCaseContext } from './store-case.ts'

const everyCharacter = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-'

export const basicCases: CaseGroup = {
  group: 'get, set, delete',
  cases: [
    {
      name: 'get resolves to undefined for a key that was never written',
      check: ({ store }) => assertAbsent(store, 'never-written')
    },
    {
      name: 'get returns the stored value on every read',
      check: async ({ store, later }) => {
        await store.set('key', 'value', later())
        await assertValue(store, 'key', 'value')
        await assertValue(store, 'key', 'value')
      }
    },
    {
      name: 'set writes whether or not the key is live',
      check: async ({ store, later }) => {
        for (const value of ['first', 'a longer second value', 'third', '', 'fifth']) {
          await store.set('key', value, later())
          await assertValue(store, 'key', value)
        }
      }
    },
    {
      name: 'get sees every write that resolved before the call began',
      check: async (context) => {
        const handles = [context.store, await context.second()] as const
        for (let turn = 0; turn < 20; turn++) {
          const [writer, reader] = turn % 2 === 0 ? handles : [handles[1], handles[0]]
          await writer.set('key', `turn ${turn}`, context.later())
          await assertValue(reader, 'key', `turn ${turn}`)
        }
      }
    },
    {
      name: 'delete makes the key absent',
      check: async ({ store, later }) => {
        await store.set('key', 'value', later())
        await store.delete('key')
        await assertAbsent(store, 'key')
      }
    },
    {
      name: 'deleting an absent key is not an error',
      check: async ({ store, later }) => {
        await store.delete('never-written')
        await store.set('key', 'value', later())
        await store.delete('key')
        await store.delete('key')
        await assertAbsent(store, 'key')
      }
    },
    {
      name: 'no earlier write reappears after delete has resolved',
      check: async (context) => {
        const { store, later } = context
        const second = await context.second()
        await store.set('key', 'first', later())
        await second.set('key', 'second', later())
        await store.delete('key')
        await assertStays(async () => {
          await assertAbsent(store, 'key')
          await assertAbsent(second, 'key')
        })
      }
    },
    {
      name: 'a key that is written again after a delete stays written',
      check: async ({ store, later }) => {
        await store.set('key', 'first', later())
        await store.delete('key')
        await store.set('key', 'second', later())
        await assertStays(() => assertValue(store, 'key', 'second'))
      }
    },
    {
      name: 'keys that differ only in case are different keys',
      check: (context) => assertIndependent(context, ['key', 'Key', 'KEY', 'kEY', 'a', 'A'])
    },
    {
      name: 'a key that contains another key is a different key',
      check: (context) => assertIndependent(context, ['a', 'a.', 'a.b', 'a.b.c', 'a-', 'a_', 'aa', 'b.a', '.a', 'a.b-'])
    },
    {
      name: 'keys may have 1 to 200 characters, and every character counts',
      check: (context) =>
        assertIndependent(context, [
          ...everyCharacter,
          everyCharacter,
          'k'.repeat(199),
          'k'.repeat(200),
          `${'k'.repeat(199)}j`,
          `j${'k'.repeat(199)}`
        ])
    },
    {
      name: 'a key has no special meaning to the engine, the language or the file system',
      check: (context) =>
        assertIndependent(context, [
          ...['.', '..', '...', '-', '--', '-rf', '_', '__proto__', 'constructor', 'toString', 'hasOwnProperty'],
          ...['null', 'undefined', 'true', 'NaN', '0', '00', '7', '007', '1e3', '1000', '0x10', '-1', '1.0'],
          ...['CON', 'nul', 'a.txt', 'a.tmp', 'a.lock', '.gitignore', 'lost.', 'key', 'keys', 'expires_at']
        ])
    },
    {
      name: 'any number of calls may run concurrently',
      check: async (context) => {
        const { store, later } = context
        const keys = Array.from({ length: 200 }, (_, index) => `key.${index}`)
        await Promise.all(keys.map((key) => store.set(key, `value of ${key}`, later())))
        await Promise.all(
          keys.map(async (key, index) => {
            if (index % 4 === 0) await store.delete(key)
            else if (index % 4 === 1) await store.set(key, `new value of ${key}`, later())
            else await assertValue(store, key, `value of ${key}`)
          })
        )
        await Promise.all(
          keys.map(async (key, index) => {
            if (index % 4 === 0) await assertAbsent(store, key)
            else await assertValue(store, key, `${index % 4 === 1 ? 'new ' : ''}value of ${key}`)
          })
        )
      }
    }
  ]
}

async function assertIndependent({ store, later }: StoreCaseContext, keys: readonly string[]): Promise<void> {
  const textOf = (key: string): string => `value of ${key}`
  const assertAll = async (live: readonly string[]): Promise<void> => {
    for (const key of live) await assertValue(store, key, textOf(key))
  }
  await assertAllAbsent(store, keys)
  for (const key of keys) await store.set(key, textOf(key), later())
  await assertAll(keys)
  const removed = keys.filter((_, index) => index % 2 === 0)
  for (const key of removed) await store.delete(key)
  await assertAllAbsent(store, removed)
  await assertAll(keys.filter((key) => !removed.includes(key)))
}

async function assertAllAbsent(store: FullStore, keys: readonly string[]): Promise<void> {
  for (const key of keys) await assertAbsent(store, key)
}
