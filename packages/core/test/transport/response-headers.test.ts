import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import {
  applyHeaders,
  type HeaderList,
  type HeaderTarget,
  privateByDefault,
  refusesSharedCaches,
  withHeaders
} from '../../src/transport/response-headers.ts'

const ours: HeaderList = [
  ['Set-Cookie', '__Host-sid=new; Path=/'],
  ['Vary', 'Cookie'],
  ['Cache-Control', 'no-store']
]

interface Probe {
  readonly target: HeaderTarget
  add(name: string, value: string): void
  cookies(): readonly string[]
  value(name: string): unknown
}

function webProbe(): Probe {
  const headers = new Headers()
  return {
    target: headers,
    add: (name, value) => headers.append(name, value),
    cookies: () => headers.getSetCookie(),
    value: (name) => headers.get(name)
  }
}

function pairsProbe(): Probe {
  const pairs: [string, string][] = []
  const valuesOf = (name: string): string[] =>
    pairs.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
  return {
    target: pairs,
    add: (name, value) => pairs.push([name, value]),
    cookies: () => valuesOf('Set-Cookie'),
    value: (name) => (valuesOf(name).length === 0 ? undefined : valuesOf(name).join(', '))
  }
}

/** A plain object whose fields are spelled in lower case, as those of Node's requests are. */
function fieldsProbe(): Probe {
  const fields: Record<string, number | string | readonly string[]> = {}
  const spelled = (name: string): string =>
    Object.keys(fields).find((key) => key.toLowerCase() === name.toLowerCase()) ?? name
  return {
    target: fields,
    add(name, value) {
      const earlier = fields[name.toLowerCase()]
      fields[name.toLowerCase()] = earlier === undefined ? value : [earlier, value].flat().map(String)
    },
    cookies: () => [fields[spelled('Set-Cookie')] ?? []].flat().map(String),
    value: (name) => fields[spelled(name)]
  }
}

/** A real response object; nothing of it needs to be sent. */
function nodeResponse(): ServerResponse {
  return new ServerResponse(new IncomingMessage(new Socket()))
}

function nodeProbe(): Probe {
  const response = nodeResponse()
  return {
    target: response,
    add: (name, value) => response.appendHeader(name, value),
    cookies: () => [response.getHeader('Set-Cookie') ?? []].flat().map(String),
    value: (name) => response.getHeader(name)
  }
}

describe.each([
  ['a web Headers', webProbe],
  ['a Node response', nodeProbe],
  ['an array of pairs', pairsProbe],
  ['a plain object', fieldsProbe]
])('applying headers to %s', (_, makeProbe) => {
  it('Headers are set if the response has none', () => {
    const { target, cookies, value } = makeProbe()
    applyHeaders(ours, target)
    expect(cookies()).toEqual(['__Host-sid=new; Path=/'])
    expect(value('vary')).toBe('Cookie')
    expect(value('cache-control')).toBe('no-store')
  })

  it.each([
    'CDN-Cache-Control',
    'Cloudflare-CDN-Cache-Control',
    'vercel-cdn-cache-control',
    'Netlify-CDN-Cache-Control',
    'Surrogate-Control',
    'Edge-Control',
    'X-LiteSpeed-Cache-Control'
  ])('A cookie keeps a cache from storing the response by %s', (name) => {
    for (const laxer of ['max-age=60', 'x="private", max-age=60', 'private="set-cookie"']) {
      const { target, add, value } = makeProbe()
      add(name, laxer)
      applyHeaders(ours, target)
      expect(value(name)).toBe('no-store')
    }
    for (const strict of ['private, max-age=60', 'no-store']) {
      const { target, add, value } = makeProbe()
      add(name, strict)
      applyHeaders(ours, target)
      expect(value(name)).toBe(strict)
    }
  })

  it('Targeted cache headers stay if no cookie of ours is sent', () => {
    const { target, add, value } = makeProbe()
    add('CDN-Cache-Control', 'max-age=60')
    applyHeaders([['Vary', 'Cookie']], target)
    expect(value('CDN-Cache-Control')).toBe('max-age=60')
  })

  it.each([
    ['Cache-Control', 'public, max-age=60'],
    ['Expires', 'Thu, 01 Jan 2026 00:00:00 GMT']
  ])("The handler's own %s stays if the response is private only by default", (name, own) => {
    const { target, add, value } = makeProbe()
    add(name, own)
    applyHeaders([['Cache-Control', 'private, no-cache']], target)
    expect(value(name)).toBe(own)
    if (name !== 'Cache-Control') expect(value('Cache-Control') ?? undefined).toBeUndefined()
  })

  it('Other cookies stay as they are, in order', () => {
    const { target, add, cookies } = makeProbe()
    const others = ['a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT', '__Host-sid2=x', 'x__Host-sid=y', 'b=__Host-sid=z']
    for (const other of others) add('Set-Cookie', other)
    applyHeaders(ours, target)
    expect(cookies()).toEqual([...others, '__Host-sid=new; Path=/'])
  })

  it('An earlier cookie of the same name is replaced, in any position', () => {
    const { target, add, cookies } = makeProbe()
    for (const cookie of ['__Host-sid=old; Path=/', 'a=1', ' __Host-sid =older', '__host-sid=kept'])
      add('Set-Cookie', cookie)
    applyHeaders(ours, target)
    expect(cookies()).toEqual(['a=1', '__host-sid=kept', '__Host-sid=new; Path=/'])
  })

  it('One cookie of ours is left after three rounds, the last one', () => {
    const { target, cookies } = makeProbe()
    for (const token of ['one', 'two', 'three']) applyHeaders([['Set-Cookie', `sid=${token}`]], target)
    applyHeaders(
      [
        ['Set-Cookie', 'sid=four'],
        ['set-cookie', 'sid=five']
      ],
      target
    )
    expect(cookies()).toEqual(['sid=five'])
  })

  it('A cookie of the given name is replaced, too', () => {
    const { target, add, cookies } = makeProbe()
    add('Set-Cookie', 'sid=plain')
    applyHeaders(ours, target, 'sid')
    expect(cookies()).toEqual(['__Host-sid=new; Path=/'])
  })

  it('Cookies stay if none is sent', () => {
    const { target, add, cookies } = makeProbe()
    add('Set-Cookie', 'sid=1')
    applyHeaders([['Vary', 'Cookie']], target, 'sid')
    expect(cookies()).toEqual(['sid=1'])
  })

  it.each([
    ['Accept', 'Accept, Cookie'],
    ['cookie', 'cookie'],
    ['Accept , COOKIE', 'Accept, COOKIE'],
    ['*', '*'],
    ['Accept, *', 'Accept, *'],
    ['', 'Cookie'],
    ['X-Cookie', 'X-Cookie, Cookie']
  ])('Vary %j is merged to %j, the second time too', (before, after) => {
    const { target, add, value } = makeProbe()
    add('Vary', before)
    applyHeaders(ours, target)
    applyHeaders(ours, target)
    expect(value('Vary')).toBe(after)
  })

  it('Cache-Control is replaced', () => {
    const { target, add, value } = makeProbe()
    add('Cache-Control', 'public, max-age=0')
    applyHeaders(ours, target)
    expect(value('Cache-Control')).toBe('no-store')
  })
})

describe('a Node response', () => {
  it('A Node response may have its cookies as one string and its Vary as a list', () => {
    const target = nodeResponse()
    target.setHeader('set-cookie', 'a=1')
    target.setHeader('Vary', ['Accept', 'Origin'])
    applyHeaders(ours, target)
    expect(target.getHeader('Set-Cookie')).toEqual(['a=1', '__Host-sid=new; Path=/'])
    expect(target.getHeader('Vary')).toBe('Accept, Origin, Cookie')
  })
})

describe('plain object', () => {
  it('A plain object keeps the spelling of its fields, and may have a field that is called like a method', () => {
    const fields = { 'set-cookie': 'a=1', VARY: 'Origin', getHeader: 'no method' }
    applyHeaders(ours, fields)
    expect(fields).toEqual({
      'set-cookie': ['a=1', '__Host-sid=new; Path=/'],
      VARY: 'Origin, Cookie',
      getHeader: 'no method',
      'Cache-Control': 'no-store'
    })
  })
})

describe('withHeaders()', () => {
  it('withHeaders() changes a response without a cookie in place, unless its headers are immutable', () => {
    const [, vary] = ours
    const plain = new Response('page')
    const redirect = Response.redirect('http://localhost/')
    expect(withHeaders(plain, [])).toBe(plain)
    expect(withHeaders(redirect, [])).toBe(redirect)
    if (!vary) expect.fail()
    expect(withHeaders(plain, [vary])).toBe(plain)
    const copy = withHeaders(redirect, [vary])
    expect([copy.status, copy.headers.get('location'), copy.headers.get('vary')]).toEqual([
      302,
      'http://localhost/',
      'Cookie'
    ])
  })

  it('withHeaders() adds a cookie to a copy, with status and body', async () => {
    const shared = new Response('page', { status: 201, headers: { 'Set-Cookie': 'a=1' } })
    const copy = withHeaders(shared, ours)
    expect(shared.headers.getSetCookie()).toEqual(['a=1'])
    expect(copy.headers.getSetCookie()).toEqual(['a=1', '__Host-sid=new; Path=/'])
    expect([copy.status, await copy.text()]).toEqual([201, 'page'])
  })
})

describe("a response that depends on a user's session", () => {
  it('The response is private unless it says how it may be cached', () => {
    for (const [name, value, expected] of [
      ['X-Other', '1', 'private, no-cache'],
      ['Cache-Control', 'public', 'public'],
      ['Expires', '0', null]
    ] as const) {
      const target = new Headers({ [name]: value })
      applyHeaders([['Cache-Control', privateByDefault]], target)
      expect([name, target.get('Cache-Control')]).toEqual([name, expected])
    }
  })
})

describe('a Cache-Control', () => {
  it.each([
    ['max-age=1, x="unterminated, private', false],
    ['private"x"', false],
    ['x="a", private', true]
  ])('The Cache-Control %j refuses shared caches: %s', (cacheControl, refuses) => {
    expect(refusesSharedCaches(cacheControl)).toBe(refuses)
  })

  it.each([
    ['CDN-Cache-Control', 'no-store'],
    ['Surrogate-Control', 'no-store'],
    ['Edge-Control', 'no-store'],
    ['CDN-Cache-Control-Age', 'max-age=1'],
    ['X-Surrogate-Control', 'max-age=1'],
    ['Surrogate-Control-Age', 'max-age=1']
  ])('A header named %s becomes, beside a cookie, %s', (name, expected) => {
    const target = new Headers({ [name]: 'max-age=1' })
    applyHeaders(ours, target)
    expect(target.get(name)).toBe(expected)
  })
})
