import assert from 'node:assert/strict'
import { assertAbsent, assertStays, assertText, assertValue } from './assert-value.ts'
import { nearEqualTexts } from './near-equal-texts.ts'
import type { CaseGroup, StoreCaseContext } from './store-case.ts'
import { largeTexts, textSamples } from './text-samples.ts'

export function compareAndSetCases(largestValue: number): CaseGroup {
  return {
    group: 'compareAndSet',
    needs: ['compareAndSet'],
    cases: [...cases, ...comparisonCases(largestValue)]
  }
}

const cases: CaseGroup['cases'] = [
  {
    name: 'undefined matches a key that was never written: it writes and resolves to true',
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
    name: 'undefined does not match a live value, whatever it looks like, and nothing changes',
    check: async ({ store, later }) => {
      for (const [index, live] of ['value', '', 'undefined', 'null', 'false', '0', ' '].entries()) {
        await store.set(`key.${index}`, live, later())
        assert.equal(await store.compareAndSet(`key.${index}`, undefined, 'other', later()), false)
        await assertValue(store, `key.${index}`, live)
      }
    }
  },
  {
    name: 'the exact live value matches: it writes and resolves to true',
    check: async ({ store, later }) => {
      await store.set('key', 'first', later())
      assert.equal(await store.compareAndSet('key', 'first', 'second', later()), true)
      assert.equal(await store.compareAndSet('key', 'second', 'third', later()), true)
      await assertStays(() => assertValue(store, 'key', 'third'))
    }
  },
  {
    name: 'another text does not match, and nothing changes',
    check: async ({ store, later }) => {
      await store.set('key', 'live', later())
      for (const expected of ['other', '', 'liv', 'live!', 'undefined', 'null']) {
        assert.equal(await store.compareAndSet('key', expected, 'written', later()), false)
        await assertValue(store, 'key', 'live')
      }
    }
  },
  {
    name: 'no text matches an absent key, and nothing is written',
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
    name: 'an earlier value of the key no longer matches',
    check: async ({ store, later }) => {
      await store.set('key', 'first', later())
      assert.equal(await store.compareAndSet('key', 'first', 'second', later()), true)
      assert.equal(await store.compareAndSet('key', 'first', 'third', later()), false)
      await assertValue(store, 'key', 'second')
    }
  },
  {
    name: 'writing the text that is already there is a write: it resolves to true and moves the deadline',
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
    name: 'it touches no other key',
    check: async ({ store, later }) => {
      for (const key of ['a', 'A', 'a.b', 'aa']) await store.set(key, 'same', later())
      assert.equal(await store.compareAndSet('a', 'same', 'other', later()), true)
      for (const key of ['A', 'a.b', 'aa']) await assertValue(store, key, 'same')
    }
  },
  {
    name: 'a value takes the deadline that it is written with, when created and when replaced',
    check: async ({ store, expire, later }) => {
      await store.set('replaced', 'old', later())
      let expected: string | undefined = 'old'
      await expire(async (deadline) => {
        assert.equal(await store.compareAndSet('created', undefined, 'new', deadline), true)
        assert.equal(await store.compareAndSet('replaced', expected, 'new', deadline), true)
        expected = undefined
        assertText(await store.get('created'), 'new')
      })
      await assertAbsent(store, 'created')
      await assertAbsent(store, 'replaced')
    }
  },
  {
    name: 'a deadline that is past or now leaves the key absent',
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
    name: 'when it resolves to false the deadline has not changed either',
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
    name: 'an expired value never matches its old text, and nothing is written',
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
    name: 'an expired value always matches undefined',
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
    ...nearEqualTexts(largestValue).map(({ kind, pairs }) => ({
      name: `comparison is byte for byte: ${kind}`,
      check: async (context: StoreCaseContext): Promise<void> => {
        for (const [index, [left, right]] of pairs.entries()) {
          await assertDifferent(context, `left.${index}`, left, right)
          await assertDifferent(context, `right.${index}`, right, left)
        }
      }
    })),
    ...[...textSamples, ...largeTexts(largestValue)].map(({ kind, texts }) => ({
      name: `a text matches itself: ${kind}`,
      check: async ({ store, later }: StoreCaseContext): Promise<void> => {
        for (const [index, text] of texts.entries()) {
          const key = `key.${index}`
          await store.set(key, text, later())
          assert.equal(await store.compareAndSet(key, text, 'next', later()), true, `no match for ${text.slice(0, 30)}`)
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
