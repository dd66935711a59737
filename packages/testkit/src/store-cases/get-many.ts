import assert from 'node:assert/strict'
import { assertSameString } from './assert-value.ts'
import type { CaseGroup, FullStore, StoreCaseContext } from './store-case.ts'
import { describeSize, stringOfBytes, valueSamples } from './value-samples.ts'

const maxKeys = 100
/** More than an engine may send in one response: DynamoDB sends at most 16 MiB. */
const largestAnswer = 17 * 1_048_576

export function getManyCases(largestValue: number): CaseGroup {
  const count = Math.ceil(largestAnswer / largestValue)
  return {
    group: 'getMany',
    needs: ['getMany'],
    cases: [
      ...cases,
      {
        name: `getMany returns ${count} values of ${describeSize(largestValue)}, even if the engine sends several responses`,
        check: async (context) => {
          const keys = Array.from({ length: count }, (_, index) => `large.${index}`)
          const largeOf = (key: string): string => `${key} ${stringOfBytes(largestValue)}`.slice(0, largestValue)
          for (const key of keys) await context.store.set(key, largeOf(key), context.later())
          await assertMany(context.store, keys, largeOf)
        }
      }
    ]
  }
}

const cases: CaseGroup['cases'] = [
  {
    name: 'values are in the order of the keys, with undefined for every absent key',
    check: async (context) => {
      await writeEach(context, ['a', 'b', 'c', 'deleted'])
      await context.store.delete('deleted')
      const live = ['a', 'b', 'c']
      for (const keys of [
        ['a', 'b', 'c'],
        ['c', 'b', 'a'],
        ['absent', 'b', 'deleted', 'a', 'never-written', 'c'],
        ['b', 'absent'],
        ['absent', 'deleted']
      ]) {
        await assertMany(context.store, keys, (key) => (live.includes(key) ? valueUnder(key) : undefined))
      }
    }
  },
  {
    name: 'getMany accepts 1 to 100 keys',
    check: async (context) => {
      const keys = Array.from({ length: maxKeys }, (_, index) => `key.${index}`)
      await writeEach(context, keys)
      for (const count of [1, 2, 24, 25, 26, 99, maxKeys]) {
        await assertMany(context.store, keys.slice(maxKeys - count).toReversed(), valueUnder)
      }
      const gaps = keys.map((key, index) => (index % 3 === 0 ? `absent.${index}` : key))
      await assertMany(context.store, gaps, (key) => (key.startsWith('absent') ? undefined : valueUnder(key)))
    }
  },
  {
    name: 'getMany and get return the same for every kind of value',
    check: async ({ store, later }) => {
      const values = new Map<string, string | undefined>()
      for (const [index, value] of valueSamples.flatMap((sample) => sample.values).entries()) {
        await store.set(`value.${index}`, value, later())
        values.set(`value.${index}`, await store.get(`value.${index}`))
      }
      const keys = [...values.keys()]
      for (let start = 0; start < keys.length; start += maxKeys) {
        await assertMany(store, keys.slice(start, start + maxKeys), (key) => values.get(key))
      }
    }
  },
  {
    name: 'getMany treats keys literally and distinguishes their case',
    check: async (context) => {
      const keys = ['a', 'A', 'a.b', 'a.', 'aa', '.', '..', '-', '_', '__proto__', 'constructor', 'toString', '0', '00']
      await assertMany(context.store, keys, () => undefined)
      await writeEach(context, keys)
      await assertMany(context.store, [...keys, 'B', 'hasOwnProperty'], (key) =>
        keys.includes(key) ? valueUnder(key) : undefined
      )
      await assertMany(context.store, ['b', 'AA', 'A.'], () => undefined)
    }
  },
  {
    name: 'getMany returns undefined for expired keys, whether or not the engine has removed them',
    check: async (context) => {
      const { store, expire, past, later } = context
      await writeEach(context, ['live', 'past'])
      await expire(async (deadline) => {
        await store.set('expired', 'value', deadline)
        await store.set('renewed', 'value', deadline)
      })
      await store.set('past', 'value', past())
      await store.set('renewed', valueUnder('renewed'), later())
      await assertMany(store, ['past', 'live', 'expired', 'renewed'], (key) =>
        ['live', 'renewed'].includes(key) ? valueUnder(key) : undefined
      )
    }
  },
  {
    name: 'getMany sees every write that resolved before the call began',
    check: async (context) => {
      const handles = [context.store, await context.second()] as const
      for (let turn = 0; turn < 20; turn++) {
        const [writer, reader] = turn % 2 === 0 ? handles : [handles[1], handles[0]]
        await writer.set('written', `turn ${turn}`, context.later())
        await (turn % 4 < 2 ? writer.delete('other') : writer.set('other', 'value', context.later()))
        await assertMany(reader, ['other', 'written'], (key) => {
          if (key === 'written') return `turn ${turn}`
          return turn % 4 < 2 ? undefined : 'value'
        })
      }
    }
  },
  {
    name: 'any number of getMany calls may run concurrently',
    check: async (context) => {
      const keys = Array.from({ length: 60 }, (_, index) => `key.${index}`)
      await writeEach(context, keys)
      await Promise.all(
        keys.map((_, index) => assertMany(context.store, [...keys.slice(index), ...keys.slice(0, index)], valueUnder))
      )
    }
  }
]

function valueUnder(key: string): string {
  return `value of ${key}`
}

async function writeEach({ store, later }: StoreCaseContext, keys: readonly string[]): Promise<void> {
  await Promise.all(keys.map((key) => store.set(key, valueUnder(key), later())))
}

async function assertMany(
  store: FullStore,
  keys: readonly string[],
  expectedOf: (key: string) => string | undefined
): Promise<void> {
  const values: unknown = await store.getMany(keys)
  assert.ok(Array.isArray(values), 'getMany must resolve to an array')
  assert.equal(values.length, keys.length, `${values.length} values for ${keys.length} keys`)
  for (const [index, key] of keys.entries()) {
    const [expected, actual]: unknown[] = [expectedOf(key), values[index]]
    if (typeof expected === 'string') assertSameString(actual, expected)
    else assert.equal(actual, undefined, `${key} is absent: expected undefined`)
  }
}
