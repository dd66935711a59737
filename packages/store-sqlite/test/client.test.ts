import { describe, expect, it } from 'vitest'
import { assertDatabase, changesOf, describeError, isBusy, stringOf } from '../src/client.ts'

function thrownBy(run: () => unknown): unknown {
  try {
    return { gave: run() }
  } catch (error) {
    return error
  }
}

const method = (): void => undefined

const invalid = (part: string): unknown =>
  expect.objectContaining({ code: 'STORE_INVALID', message: expect.stringContaining(part) })

describe('assertDatabase()', () => {
  it.each([
    ['undefined', undefined, 'exec() is missing. Pass an opened database'],
    ['null', null, 'exec() is missing'],
    ['a string', 'sessions.db', 'exec() is missing'],
    ['one without exec', { prepare: method }, 'exec() is missing'],
    ['one without prepare', { exec: method }, 'prepare() is missing'],
    ['one whose exec is a field', { exec: 'sql', prepare: method }, 'exec() is missing']
  ])('assertDatabase() refuses %s', (_, value, part) => {
    expect(thrownBy(() => assertDatabase(value))).toEqual(invalid(part))
  })
})

describe('Results of a driver', () => {
  it('Changes are counted by a number or a bigint', () => {
    expect([changesOf({ changes: 2 }), changesOf({ changes: 2n })]).toEqual([2, 2])
  })

  it.each([[undefined], [null], [1], [{}], [{ changes: '1' }], [Promise.resolve({ changes: 1 })]])(
    '%j is not a count of changes',
    (result) => {
      expect(thrownBy(() => changesOf(result))).toEqual(
        invalid('cannot use this driver: run() reports no changes. Pass')
      )
    }
  )

  it('stringOf() returns a string in a column, or undefined without a row', () => {
    expect([stringOf({ value: '' }, 'value'), stringOf(undefined, 'value'), stringOf(null, 'value')]).toEqual([
      '',
      undefined,
      undefined
    ])
  })

  it.each([['text'], [1], [{}], [{ value: 1 }], [{ value: null }]])('%j has no string in the column', (row) => {
    expect(thrownBy(() => stringOf(row, 'value'))).toEqual(invalid('get() returns no string for the column value'))
  })
})

describe('Errors of a driver', () => {
  it.each([
    [{ code: 'SQLITE_BUSY' }],
    [{ code: 'SQLITE_BUSY_SNAPSHOT' }],
    [{ code: 'ERR_SQLITE_ERROR', errcode: 5 }],
    [{ code: 'ERR_SQLITE_ERROR', errcode: 5 | (2 << 8) }]
  ])('%j means that another connection holds the lock', (error) => {
    expect(isBusy(error)).toBe(true)
  })

  it.each([
    [undefined],
    [null],
    ['SQLITE_BUSY'],
    [{ code: 'SQLITE_BUSYNESS' }],
    [{ code: 'SQLITE_LOCKED' }],
    [{ code: 5 }],
    [{ errcode: '5' }],
    [{ errcode: 6 }],
    [{ errcode: 6 | (5 << 8) }]
  ])('%j does not mean that another connection holds the lock', (error) => {
    expect(isBusy(error)).toBe(false)
  })

  it.each([
    [{ code: 'SQLITE_NOTADB' }],
    [{ code: 'SQLITE_CORRUPT' }],
    [{ code: 'SQLITE_CORRUPT_INDEX' }],
    [{ errcode: 26 }],
    [{ errcode: 11 }],
    [{ errcode: 11 | (3 << 8) }]
  ])('%j means a damaged file', (fields) => {
    const error = Object.assign(new Error('the driver'), fields)
    expect(describeError(error, 'kvsession')).toMatchObject({
      code: 'STORE_INVALID',
      message: expect.stringMatching(/damaged or is not a SQLite database.*backup/),
      cause: error
    })
  })

  it('A missing table is an error that names it', () => {
    const error = new Error('SQLITE_ERROR: no such table: mine')
    expect(describeError(error, 'mine')).toMatchObject({
      code: 'STORE_INVALID',
      message: expect.stringMatching(/no table "mine".*ensureSchema\(\)/),
      cause: error
    })
  })

  it.each([
    ['any other error', Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR', errcode: 10 })],
    ['what is no error', { message: 'no such table' }],
    ['undefined', undefined]
  ])('describeError() passes %s on unchanged', (_, error) => {
    expect(describeError(error, 'kvsession')).toBe(error)
  })
})
