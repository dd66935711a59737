import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { applyHeaders, type HeaderList, type HeaderTarget } from '../../src/transport/response-headers.ts'

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

function nodeProbe(): Probe {
  // A real response object; nothing of it needs to be sent.
  const response = new ServerResponse(new IncomingMessage(new Socket()))
  return {
    target: response,
    add: (name, value) => response.appendHeader(name, value),
    cookies: () => [response.getHeader('Set-Cookie') ?? []].flat().map(String),
    value: (name) => response.getHeader(name)
  }
}

describe.each([
  ['a web Headers', webProbe],
  ['a Node response', nodeProbe]
])('applying headers to %s', (_, makeProbe) => {
  it('sets them where nothing was', () => {
    const { target, cookies, value } = makeProbe()
    applyHeaders(ours, target)
    expect(cookies()).toEqual(['__Host-sid=new; Path=/'])
    expect(value('vary')).toBe('Cookie')
    expect(value('cache-control')).toBe('no-store')
  })

  it('leaves other cookies as they are, in order', () => {
    const { target, add, cookies } = makeProbe()
    const others = ['a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT', '__Host-sid2=x', 'x__Host-sid=y', 'b=__Host-sid=z']
    for (const other of others) add('Set-Cookie', other)
    applyHeaders(ours, target)
    expect(cookies()).toEqual([...others, '__Host-sid=new; Path=/'])
  })

  it('replaces an earlier cookie of the same name, wherever it stands', () => {
    const { target, add, cookies } = makeProbe()
    for (const cookie of ['__Host-sid=old; Path=/', 'a=1', ' __Host-sid =older', '__host-sid=kept'])
      add('Set-Cookie', cookie)
    applyHeaders(ours, target)
    expect(cookies()).toEqual(['a=1', '__host-sid=kept', '__Host-sid=new; Path=/'])
  })

  it('leaves one cookie of ours after three rounds, the last', () => {
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

  it('replaces a cookie of the name given, too', () => {
    const { target, add, cookies } = makeProbe()
    add('Set-Cookie', 'sid=plain')
    applyHeaders(ours, target, 'sid')
    expect(cookies()).toEqual(['__Host-sid=new; Path=/'])
  })

  it('touches no cookie when it brings none', () => {
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
  ])('merges Vary %j to %j, the second time too', (before, after) => {
    const { target, add, value } = makeProbe()
    add('Vary', before)
    applyHeaders(ours, target)
    applyHeaders(ours, target)
    expect(value('Vary')).toBe(after)
  })

  it('replaces Cache-Control', () => {
    const { target, add, value } = makeProbe()
    add('Cache-Control', 'public, max-age=0')
    applyHeaders(ours, target)
    expect(value('Cache-Control')).toBe('no-store')
  })
})

describe('a Node response', () => {
  it('may hold its cookies as one text and its Vary as a list', () => {
    const { target, cookies, value } = nodeProbe()
    if (!('setHeader' in target)) expect.fail()
    target.setHeader('set-cookie', 'a=1')
    target.setHeader('Vary', ['Accept', 'Origin'])
    applyHeaders(ours, target)
    expect(cookies()).toEqual(['a=1', '__Host-sid=new; Path=/'])
    expect(value('Vary')).toBe('Accept, Origin, Cookie')
  })
})
