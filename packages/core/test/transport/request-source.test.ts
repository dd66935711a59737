import { describe, expect, it } from 'vitest'
import { asksForLoopback, isForwarded, isFromThisMachine, readRequest } from '../../src/transport/request-source.ts'

const facts = (...args: Parameters<typeof readRequest>): object => {
  const { headers, ...rest } = readRequest(...args)
  return { ...rest, forwarded: isForwarded({ headers, ...rest }) }
}

const nothing = { credentials: '', host: undefined, encrypted: undefined, forwarded: false }

describe('facts about a request', () => {
  it('A string is the cookie, and a missing source has no facts', () => {
    expect(facts('sid=1', undefined)).toEqual({ ...nothing, credentials: 'sid=1' })
    expect(facts(undefined, undefined)).toEqual(nothing)
  })

  it("Node's headers contain cookie and host, and a list of cookies is one cookie header", () => {
    const headers = { cookie: ['a=1', 'b=2'], host: 'one.example', ':authority': 'two.example' }
    expect(facts(headers, undefined)).toEqual({ ...nothing, credentials: 'a=1; b=2', host: 'one.example' })
    expect(facts({ ':authority': 'two.example' }, undefined)).toEqual({ ...nothing, host: 'two.example' })
  })

  it.each([
    ['https://one.example:8443/path?q@x', 'one.example:8443', true],
    ['http://one.example', 'one.example', false],
    ['https://one.example?q', 'one.example', true],
    ['http://one.example#x', 'one.example', false]
  ])('The URL of a Request contains host and encryption: %s', (url, host, encrypted) => {
    expect(facts(new Request(url), undefined)).toEqual({ ...nothing, host, encrypted })
  })

  it("A Request's own headers have precedence over its URL, and the connection over both", () => {
    const request = new Request('https://one.example/', { headers: { host: 'two.example', cookie: 'a=1' } })
    expect(facts(request, undefined)).toEqual({
      ...nothing,
      credentials: 'a=1',
      host: 'two.example',
      encrypted: true
    })
    expect(facts(request, { host: 'three.example', encrypted: false })).toMatchObject({
      host: 'three.example',
      encrypted: false
    })
  })

  it('Headers have no pseudo-headers, and objects that only look like a Request are headers', () => {
    expect(facts(new Headers({ cookie: 'a=1' }), undefined)).toEqual({ ...nothing, credentials: 'a=1' })
    for (const disguised of [
      { url: 'https://one.example/', headers: 'none' },
      { url: ['https://one.example/'], cookie: 'a=1' },
      { url: 'https://one.example/' },
      { url: 'https://one.example/', headers: null },
      { headers: new Headers({ host: 'one.example' }) },
      { url: ['https://one.example/'], headers: new Headers({ host: 'one.example' }) }
    ]) {
      expect(facts(disguised as never, undefined)).toMatchObject({ host: undefined, encrypted: undefined })
    }
  })

  it('A header with the name get does not make an object Headers', () => {
    expect(facts({ get: 'x', cookie: 'a=1' }, undefined)).toEqual({ ...nothing, credentials: 'a=1' })
  })

  it("A URL yields its host without a user's name, and a URL of another kind yields none", () => {
    const request = { url: 'ftp://one.example/', headers: new Headers() } as Request
    expect(facts(request, undefined)).toEqual({ ...nothing, encrypted: false })
    const named = { url: 'https://user:pass@one.example:8443/x@y', headers: new Headers() } as Request
    expect(facts(named, undefined)).toEqual({ ...nothing, host: 'one.example:8443', encrypted: true })
    const inside = { url: 'x://y/https://one.example/', headers: new Headers() } as Request
    expect(facts(inside, undefined)).toEqual({ ...nothing, encrypted: false })
  })

  it.each([
    'forwarded',
    'via',
    'x-forwarded-for',
    'x-forwarded-proto',
    'x-forwarded-host',
    'x-forwarded-port',
    'x-forwarded-server',
    'x-forwarded-ssl',
    'x-forwarded-prefix',
    'x-forwarded-by',
    'x-forwarded',
    'forwarded-for',
    'x-original-forwarded-for',
    'x-original-host',
    'x-original-url',
    'x-real-ip',
    'x-client-ip',
    'x-cluster-client-ip',
    'x-remote-addr',
    'x-proxyuser-ip',
    'x-scheme',
    'x-url-scheme',
    'front-end-https',
    'true-client-ip',
    'cdn-loop',
    'cf-connecting-ip',
    'cf-ray',
    'fastly-client-ip',
    'fly-client-ip',
    'akamai-origin-hop',
    'incap-client-ip',
    'x-sucuri-clientip',
    'x-envoy-external-address',
    'x-amzn-trace-id',
    'x-amz-cf-id',
    'x-azure-clientip',
    'x-arr-log-id',
    'x-appengine-user-ip',
    'x-cloud-trace-context',
    'x-request-start',
    'x-varnish',
    'x-nginx-proxy'
  ])('The header %s shows a proxy, whatever its value', (name) => {
    expect(facts({ [name]: '' }, undefined)).toEqual({ ...nothing, forwarded: true })
    expect(facts(new Headers({ [name]: 'x' }), undefined)).toEqual({ ...nothing, forwarded: true })
  })

  it.each([
    'x-client-version',
    'x-request-id',
    'x-requested-with',
    'x-api-key',
    'viable',
    'referred-via',
    'front-end-https-only',
    'x-client-ip-family',
    'true-client-ip-family',
    'x-amz-date',
    'traceparent'
  ])('The header %s, which clients send themselves, shows no proxy', (name) => {
    expect(facts({ [name]: 'x' }, undefined)).toEqual(nothing)
  })

  it("The client's address on this machine, as the development server of workerd adds it, shows no proxy", () => {
    for (const [address, here] of [
      ['127.0.0.1', true],
      ['::1', true],
      ['192.0.2.1', false]
    ] as const)
      expect(isFromThisMachine(readRequest({ 'cf-connecting-ip': address }, undefined))).toBe(here)
  })

  it('A header that is undefined shows no proxy', () => {
    expect(facts({ via: undefined }, undefined)).toEqual(nothing)
  })

  it.each([
    ['fly-x-forwarded-for', '127.0.0.1'],
    ['x-forwarded-for-original', '127.0.0.1'],
    ['cf-connecting-ipv6', '::1'],
    ['x-forwarded-for', '127.0.0.1, 203.0.113.7']
  ])('The header %s with the value %s shows a proxy, also in development', (name, value) => {
    const development = { 'x-forwarded-host': 'localhost:3000', 'x-forwarded-proto': 'http' }
    expect(isFromThisMachine(readRequest(development, undefined))).toBe(true)
    expect(isFromThisMachine(readRequest({ ...development, [name]: value }, undefined))).toBe(false)
  })

  it.each([null, [], 1, true])('The source %j is refused with a message that names what open takes', (source) => {
    expect(() => readRequest(source as never, undefined)).toThrow(
      'open() takes a Request, headers or a cookie [ARGUMENT_INVALID]'
    )
  })

  it('A header that is neither a string nor an array is refused by its name', () => {
    expect(() => readRequest({ host: 1 } as never, undefined)).toThrow(
      'open() takes headers that are strings, which host is not [ARGUMENT_INVALID]'
    )
  })

  it.each([
    ['localhost:3000', undefined, true],
    ['localhost:3000', false, true],
    ['localhost:3000', true, false],
    ['shop.example', false, false],
    [undefined, false, false]
  ])('The host %s, encrypted: %s, may be a browser on this machine: %s', (host, encrypted, expected) => {
    expect(asksForLoopback({ host, encrypted })).toBe(expected)
  })
})
