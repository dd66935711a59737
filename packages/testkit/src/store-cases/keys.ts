import assert from 'node:assert/strict'
import { assertAbsent, assertValue } from './assert-value.ts'
import type { CaseGroup, FullStore, StoreCaseContext } from './store-case.ts'

/** More than two full pages of the usual sizes 100, 500 and 1,000. */
const manyKeys = 2_600

export const keysCases: CaseGroup = {
  group: 'keys',
  needs: ['keys'],
  cases: [
    {
      name: 'keys yields exactly the live keys that start with the prefix, each once',
      check: async (context) => {
        await write(context, ['s.1', 's.2', 's.20', 's.', 'S.1', 's', 'ss.1', 'a.s.1', 't.1', 's-1'])
        await assertKeys(context.store, 's.', ['s.1', 's.2', 's.20', 's.'])
      }
    },
    {
      name: 'the empty prefix matches every key',
      check: async (context) => {
        const keys = ['a', 'B', '0', '_', '-', '.', 'a.b', 'k'.repeat(200)]
        await write(context, keys)
        await assertKeys(context.store, '', keys)
      }
    },
    {
      name: 'keys yields nothing if no key matches',
      check: async (context) => {
        await assertKeys(context.store, '', [])
        await assertKeys(context.store, 'a', [])
        await write(context, ['b', 'c'])
        await assertKeys(context.store, 'a', [])
      }
    },
    {
      name: 'a prefix may be as long as a key, and every key is a prefix of itself',
      check: async (context) => {
        const long = 'k'.repeat(199)
        await write(context, ['a', 'ab', `${long}1`, `${long}2`])
        await assertKeys(context.store, 'ab', ['ab'])
        await assertKeys(context.store, long, [`${long}1`, `${long}2`])
        await assertKeys(context.store, `${long}1`, [`${long}1`])
      }
    },
    {
      name: 'the prefix is literal: _ is not a wildcard',
      check: (context) => assertLiteral(context, 'a_b')
    },
    {
      name: 'the prefix is literal: . is not a wildcard',
      check: (context) => assertLiteral(context, 'a.b')
    },
    {
      name: 'the prefix is literal: - is not a range',
      check: (context) => assertLiteral(context, 'a-b')
    },
    {
      name: 'the prefix is case-sensitive',
      check: async (context) => {
        await write(context, ['user.1', 'User.1', 'USER.1', 'uSER.1'])
        await assertKeys(context.store, 'user.', ['user.1'])
        await assertKeys(context.store, 'U', ['User.1', 'USER.1'])
      }
    },
    {
      name: 'keys omits deleted keys',
      check: async (context) => {
        await write(context, ['a.1', 'a.2', 'a.3'])
        await context.store.delete('a.2')
        await assertKeys(context.store, 'a.', ['a.1', 'a.3'])
      }
    },
    {
      name: 'keys omits expired keys, whether or not the engine has removed them',
      check: async (context) => {
        const { store, expire, past, later } = context
        await write(context, ['a.live', 'a.past'])
        await expire(async (deadline) => {
          await store.set('a.expired', 'value', deadline)
          await store.set('a.renewed', 'value', deadline)
        })
        await store.set('a.past', 'value', past())
        await store.set('a.renewed', 'value', later())
        await assertKeys(store, 'a.', ['a.live', 'a.renewed'])
        await assertKeys(store, '', ['a.live', 'a.renewed'])
      }
    },
    {
      name: 'keys yields each of 2,600 live keys once while other keys are written, replaced and deleted',
      check: async (context) => {
        const { store, later } = context
        const second = await context.second()
        const keys = Array.from({ length: manyKeys }, (_, index) => `many.${index}`)
        for (let start = 0; start < manyKeys; start += 100) await write(context, keys.slice(start, start + 100))
        await write(context, ['manx.1', 'manz.1', 'many'])
        const deleted = new Set<string>()
        const seen: string[] = []
        for await (const key of store.keys('many.')) {
          seen.push(key)
          if (seen.length % 50 !== 0) continue
          const step = seen.length / 50
          await second.set(`many.${step}.new`, 'new', later())
          await store.set(`many.${(step * 37) % manyKeys}`, 'replaced', later())
          const deletedKey = `many.${(step * 53 + 1) % manyKeys}`
          deleted.add(deletedKey)
          await second.delete(deletedKey)
        }
        const seenOnce = new Set(seen)
        assert.equal(seenOnce.size, seen.length, 'a key was yielded twice')
        const unknown = seen.filter((key) => !/^many\.\d+(\.new)?$/.test(key))
        assert.deepEqual(unknown, [])
        const missing = keys.filter((key) => !deleted.has(key) && !seenOnce.has(key))
        assert.equal(missing.length, 0, `${missing.length} keys are missing, such as ${missing.slice(0, 3).join(', ')}`)
      }
    },
    {
      name: 'other calls complete while an iteration is open',
      check: async (context) => {
        const { store, later } = context
        const second = await context.second()
        await write(context, ['a.1', 'a.2', 'a.3'])
        const seen: string[] = []
        for await (const key of store.keys('a.')) {
          for (const handle of [store, second]) {
            await handle.set(`b.${key}`, 'written meanwhile', later())
            await assertValue(handle, `b.${key}`, 'written meanwhile')
            await handle.delete(`b.${key}`)
            await assertAbsent(handle, `b.${key}`)
          }
          seen.push(key)
        }
        assert.deepEqual(seen.toSorted(), ['a.1', 'a.2', 'a.3'])
      }
    },
    {
      name: 'an iteration may end early, and several may run at once',
      check: async (context) => {
        const { store, later } = context
        const keys = Array.from({ length: 20 }, (_, index) => `a.${index}`)
        await write(context, keys)
        for await (const key of store.keys('a.')) {
          assert.ok(keys.includes(key))
          break
        }
        await store.set('b', 'after leaving', later())
        await assertValue(store, 'b', 'after leaving')
        await Promise.all([
          assertKeys(store, 'a.', keys),
          assertKeys(store, 'b', ['b']),
          assertKeys(await context.second(), 'a.', keys)
        ])
      }
    }
  ]
}

async function write({ store, later }: StoreCaseContext, keys: readonly string[]): Promise<void> {
  await Promise.all(keys.map((key) => store.set(key, `value of ${key}`, later())))
}

async function assertKeys(store: FullStore, prefix: string, expected: readonly string[]): Promise<void> {
  const seen: string[] = []
  for await (const key of store.keys(prefix)) seen.push(key)
  assert.deepEqual(seen.toSorted(), expected.toSorted())
}

async function assertLiteral(context: StoreCaseContext, prefix: string): Promise<void> {
  await write(context, ['a_b', 'a.b', 'a-b', 'aab', 'axb', 'a0b', 'ab', 'a__b', 'a_', 'a.', 'a-'])
  await write(context, ['a_b.1', 'a.b.1', 'a-b.1', 'aab.1', 'axb.1', 'a0b.1'])
  await assertKeys(context.store, prefix, [prefix, `${prefix}.1`])
}
