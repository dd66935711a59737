import { describe, expect, it } from 'vitest'
import { checkData, checkSchema, fitStored, initialData, readData } from '../src/data-schema.ts'
import type { SessionManagerOptions } from '../src/index.ts'
import { createManagerContext } from '../src/session-manager.ts'
import { createMemoryStore } from '../src/store/memory-store.ts'
import { secret } from './support/fixture.ts'

type Schema = NonNullable<SessionManagerOptions['schema']>

const schemaOf = (validate: (value: unknown) => unknown): Schema => ({
  '~standard': { version: 1, vendor: 'test', validate: validate as Schema['~standard']['validate'] }
})

const { context } = createManagerContext({ store: createMemoryStore(), secret })
const accepting = { ...context, schema: schemaOf((value) => ({ value })) }

describe('a schema', () => {
  it('A synchronous schema returns its result without a promise', () => {
    expect(initialData(accepting)).toEqual({})
    expect(fitStored(accepting, { a: 1 })).toEqual({ data: { a: 1 } })
    expect(checkData(accepting, '{"a":1}')).toEqual({ a: 1 })
    expect(readData(accepting, '{"a":1}')).toEqual({ a: 1 })
  })

  it('Data without a schema is returned as the serializer reads it', () => {
    expect(checkData(context, '{"a":1}')).toBeUndefined()
    expect(readData(context, '{"a":1}')).toEqual({ a: 1 })
  })

  it('A schema that refuses {} asynchronously ends no process while the manager is made', async () => {
    const unhandled: unknown[] = []
    const notice = (reason: unknown): number => unhandled.push(reason)
    process.on('unhandledRejection', notice)
    try {
      checkSchema({ ...context, schema: schemaOf(() => Promise.reject(new Error('no database'))) })
      await new Promise(setImmediate)
    } finally {
      process.off('unhandledRejection', notice)
    }
    expect(unhandled).toEqual([])
  })

  it('The error of a schema that fails names the schema, and has its cause', () => {
    const cause = new Error('no database')
    const failing = schemaOf(() => {
      throw cause
    })
    expect(() => initialData({ ...context, schema: failing })).toThrow(
      expect.objectContaining({ message: 'schema failed. See cause [CALLBACK_FAILED]', cause })
    )
  })

  it.each([
    [[], 'data'],
    [[{ path: ['a', { key: 'b' }, 0] }], 'data.a.b.0'],
    [[{ path: 'a' }], 'data'],
    [true, 'data']
  ])('The error for the issues %j names the path %s', (issues, path) => {
    const refusing = { ...context, schema: schemaOf(() => ({ issues })) }
    expect(() => checkData(refusing, '{}')).toThrow(`The schema refuses ${path}: nothing was stored [DATA_INVALID]`)
    expect(() => checkSchema(refusing)).toThrow(
      `schema refuses {}, the data of every new session: give ${path} a default, or make it optional [OPTION_INVALID]`
    )
  })

  it('A schema whose result is no object is refused with an error that says so', () => {
    for (const value of [undefined, null, 1, 'a', []]) {
      const odd = { ...context, schema: schemaOf(() => ({ value })) }
      expect(() => initialData(odd)).toThrow('schema must describe an object [OPTION_INVALID]')
    }
  })
})
