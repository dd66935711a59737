import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { applyHead, isServerResponse, readHeader } from '../../src/response/server-response.ts'

/** A response of Node's that is never sent. */
function createResponse(): ServerResponse {
  return new ServerResponse(new IncomingMessage(new Socket()))
}

function headersAfter(...args: readonly unknown[]): unknown {
  const response = createResponse()
  const set: Record<string, unknown> = {}
  const { setHeader } = response
  response.setHeader = (name, value) => {
    set[name] = value
    return setHeader.call(response, name, value)
  }
  applyHead(response, args)
  return [response.statusCode, set]
}

describe('isServerResponse()', () => {
  it("Node's own response is accepted", () => {
    expect(isServerResponse(createResponse())).toBe(true)
  })

  const method = (): void => undefined
  const whole = { on: method, flushHeaders: method, appendHeader: method, headersSent: false }

  it('Any object with the needed methods is accepted', () => {
    expect(isServerResponse(whole)).toBe(true)
  })

  it.each(Object.keys(whole))('An object without %s, or with another type of it, is not a response', (name) => {
    expect(isServerResponse(Object.fromEntries(Object.entries(whole).filter(([key]) => key !== name)))).toBe(false)
    expect(isServerResponse({ ...whole, [name]: 'text' })).toBe(false)
  })
})

describe('applyHead()', () => {
  it.each<[string, readonly unknown[], unknown]>([
    ['a status', [204], [204, {}]],
    ['no status', [undefined, { 'X-A': '1' }], [200, { 'X-A': '1' }]],
    ['a message and an object', [201, 'Made', { 'X-A': '1' }], [201, { 'X-A': '1' }]],
    ['a message alone', [201, 'Made'], [201, {}]],
    ['no message and an object behind it', [201, undefined, { 'X-A': '1' }], [201, { 'X-A': '1' }]],
    [
      'numbers and lists',
      [200, { 'X-A': 1, 'X-B': ['2'], 'X-C': [3, 4] }],
      [200, { 'X-A': '1', 'X-B': ['2'], 'X-C': ['3', '4'] }]
    ],
    ['a flat list', [200, ['X-A', '1', 'X-B', 2]], [200, { 'X-A': '1', 'X-B': '2' }]],
    [
      'a list of pairs',
      [
        200,
        [
          ['X-A', '1'],
          ['X-B', ['2', '3']]
        ]
      ],
      [200, { 'X-A': '1', 'X-B': ['2', '3'] }]
    ],
    ['a name that comes again, however spelt', [200, ['X-A', '1', 'x-a', '2']], [200, { 'X-A': ['1', '2'] }]],
    ['an empty list', [200, []], [200, {}]],
    ['null', [200, null], [200, {}]]
  ])('applyHead() accepts %s', (_, args, expected) => {
    expect(headersAfter(...args)).toEqual(expected)
  })

  it('applyHead() refuses the same as Node: an undefined value, and a list with a missing value', () => {
    expect(() => headersAfter(200, { 'X-A': undefined })).toThrow(
      expect.objectContaining({ code: 'ERR_HTTP_INVALID_HEADER_VALUE' })
    )
    expect(() => headersAfter(200, ['X-A', '1', 'X-B'])).toThrow('writeHead() takes alternating names and values')
  })
})

describe('readHeader()', () => {
  it('readHeader() returns a header as a string, and undefined for a header that is not set', () => {
    const response = createResponse()
    response.setHeader('Content-Length', 5)
    expect([readHeader(response, 'content-length'), readHeader(response, 'ETag')]).toEqual(['5', undefined])
  })
})
