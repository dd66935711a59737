import assert from 'node:assert/strict'
import { assertAbsent, assertSameString, assertStays, assertValue } from './assert-value.ts'
import { nearEqualValues } from './near-equal-values.ts'
import type { CaseGroup, StoreCaseContext } from './store-case.ts'
import { largeValues, valueSamples } from './value-samples.ts'

export function compareAndSetCases(largestValue: number): CaseGroup {
  return {
    group: 'compareAndSet',
    needs: ['compareAndSet'],
    cases: [...cases, ...comparisonCases(largestValue)]
  }
}

const cases: CaseGroup['cases'] = [
  {
    name: 'undefined matches a key that was never written: compareAndSet writes and resolves to true',
    check: async ({ store, later }) => {
      assert.equal(await store.compareAndSet('key', undefined, 'value', later()), true)
      await assertStays(() => assertValue(store, 'key', 'value'))
    }
  },
  {
    name: 'undefined matches a deleted key',
    check: async ({ store, later }) => {
      await store.set('key', 'old', later())
      await store.delete('key')
      assert.equal(await store.compareAndSet('key', undefined, 'new', later()), true)
      await assertValue(store, 'key', 'new')
    }
  },
  {
    name: 'undefined matches no live value, and nothing changes',
    check: async ({ store, later }) => {
      for (const [index, live] of ['value', '', 'undefined', 'null', 'false', '0', ' '].entries()) {
        await store.set(`key.${index}`, live, later())
        assert.equal(await store.compareAndSet(`key.${index}`, undefined, 'other', later()), false)
        await assertValue(store, `key.${index}`, live)
      }
    }
  },
  {
    name: 'the exact live value matches: compareAndSet writes and resolves to true',
    check: async ({ store, later }) => {
      await store.set('key', 'first', later())
      assert.equal(await store.compareAndSet('key', 'first', 'second', later()), true)
      assert.equal(await store.compareAndSet('key', 'second', 'third', later()), true)
      await assertStays(() => assertValue(store, 'key', 'third'))
    }
  },
  {
    name: 'a different value does not match, and nothing changes',
    check: async ({ store, later }) => {
      await store.set('key', 'live', later())
      for (const expected of ['other', '', 'liv', 'live!', 'undefined', 'null']) {
        assert.equal(await store.compareAndSet('key', expected, 'written', later()), false)
        await assertValue(store, 'key', 'live')
      }
    }
  },
  {
    name: 'no value matches an absent key, and nothing is written',
    check: async ({ store, later }) => {
      await store.set('deleted', 'value', later())
      await store.delete('deleted')
      for (const key of ['never-written', 'deleted']) {
        for (const expected of ['value', '', 'undefined', 'null']) {
          assert.equal(await store.compareAndSet(key, expected, 'written', later()), false)
          await assertAbsent(store, key)
        }
      }
    }
  },
  {
    name: 'an earlier value of the key does not match',
    check: async ({ store, later }) => {
      await store.set('key', 'first', later())
      assert.equal(await store.compareAndSet('key', 'first', 'second', later()), true)
      assert.equal(await store.compareAndSet('key', 'first', 'third', later()), false)
      await assertValue(store, 'key', 'second')
    }
  },
  {
    name: 'writing an equal value is a write: compareAndSet resolves to true and changes the deadline',
    check: async ({ store, expire, later }) => {
      await expire(async (deadline) => {
        await store.set('key', 'same', deadline)
        assert.equal(await store.compareAndSet('key', 'same', 'same', later()), true)
        assert.equal(await store.compareAndSet('key', 'same', 'same', later()), true)
      })
      await assertValue(store, 'key', 'same')
    }
  },
  {
    name: 'compareAndSet changes no other key',
    check: async ({ store, later }) => {
      for (const key of ['a', 'A', 'a.b', 'aa']) await store.set(key, 'same', later())
      assert.equal(await store.compareAndSet('a', 'same', 'other', later()), true)
      for (const key of ['A', 'a.b', 'aa']) await assertValue(store, key, 'same')
    }
  },
  {
    name: 'created and replaced values take the deadline of the call',
    check: async ({ store, expire, later }) => {
      await store.set('replaced', 'old', later())
      let expected: string | undefined = 'old'
      await expire(async (deadline) => {
        assert.equal(await store.compareAndSet('created', undefined, 'new', deadline), true)
        assert.equal(await store.compareAndSet('replaced', expected, 'new', deadline), true)
        expected = undefined
        assertSameString(await store.get('created'), 'new')
      })
      await assertAbsent(store, 'created')
      await assertAbsent(store, 'replaced')
    }
  },
  {
    name: 'a deadline that is not in the future leaves the key absent',
    check: async ({ store, past, later }) => {
      for (const deadline of [past(), past() - 1, past() - 86_400_000, 1, 0]) {
        await store.compareAndSet('created', undefined, 'value', deadline)
        await assertAbsent(store, 'created')
        await store.set('replaced', 'live', later())
        assert.equal(await store.compareAndSet('replaced', 'live', 'value', deadline), true)
        await assertAbsent(store, 'replaced')
      }
    }
  },
  {
    name: 'the deadline does not change when compareAndSet resolves to false',
    check: async ({ store, expire, past, later }) => {
      await store.set('kept', 'live', later())
      assert.equal(await store.compareAndSet('kept', 'other', 'live', past()), false)
      assert.equal(await store.compareAndSet('kept', undefined, 'live', past()), false)
      await assertValue(store, 'kept', 'live')
      await expire(async (deadline) => {
        await store.set('expires', 'live', deadline)
        assert.equal(await store.compareAndSet('expires', 'other', 'live', later()), false)
        assert.equal(await store.compareAndSet('expires', undefined, 'live', later()), false)
      })
      await assertAbsent(store, 'expires')
    }
  },
  {
    name: 'the value of an expired key does not match, and nothing is written',
    check: async ({ store, expire, later }) => {
      await expire(async (deadline) => {
        await store.set('key', 'old', deadline)
        await store.set('empty', '', deadline)
      })
      assert.equal(await store.compareAndSet('key', 'old', 'new', later()), false)
      assert.equal(await store.compareAndSet('empty', '', 'new', later()), false)
      await assertAbsent(store, 'key')
      await assertAbsent(store, 'empty')
    }
  },
  {
    name: 'an expired key matches undefined',
    check: async ({ store, expire, later }) => {
      await expire(async (deadline) => {
        await store.set('unread', 'old', deadline)
        await store.set('read', 'old', deadline)
      })
      await store.get('read')
      assert.equal(await store.compareAndSet('unread', undefined, 'new', later()), true)
      assert.equal(await store.compareAndSet('read', undefined, 'new', later()), true)
      await assertStays(() => assertValue(store, 'unread', 'new'))
      await assertValue(store, 'read', 'new')
    }
  }
]

function comparisonCases(largestValue: number): CaseGroup['cases'] {
  return [
    ...nearEqualValues(largestValue).map(({ kind, pairs }) => ({
      name: `compareAndSet compares values byte by byte: ${kind}`,
      check: async (context: StoreCaseContext): Promise<void> => {
        for (const [index, [left, right]] of pairs.entries()) {
          await assertDifferent(context, `left.${index}`, left, right)
          await assertDifferent(context, `right.${index}`, right, left)
        }
      }
    })),
    ...[...valueSamples, ...largeValues(largestValue)].map(({ kind, values }) => ({
      name: `compareAndSet matches an equal value: ${kind}`,
      check: async ({ store, later }: StoreCaseContext): Promise<void> => {
        for (const [index, value] of values.entries()) {
          const key = `key.${index}`
          await store.set(key, value, later())
          assert.equal(
            await store.compareAndSet(key, value, 'next', later()),
            true,
            `no match for ${value.slice(0, 30)}`
          )
          await assertValue(store, key, 'next')
        }
      }
    }))
  ]
}

async function assertDifferent(
  { store, later }: StoreCaseContext,
  key: string,
  live: string,
  expected: string
): Promise<void> {
  await store.set(key, live, later())
  const wrote = await store.compareAndSet(key, expected, 'written', later())
  assert.equal(wrote, false, `${JSON.stringify(expected.slice(-30))} matched ${JSON.stringify(live.slice(-30))}`)
  await assertValue(store, key, live)
}
