import { createCookieJar } from '@kvsession/testkit'
import { describe, expect, it } from 'vitest'

const https = { host: 'shop.example', encrypted: true }
const http = { host: 'shop.example', encrypted: false }

describe('createCookieJar()', () => {
  it('A cookie replaces another one only if name and path are the same', () => {
    const jar = createCookieJar(http)
    jar.keep(['a=1; Path=/', 'a=2; Path=/', 'a=3; Path=/deep'])
    expect(jar.header('/')).toBe('a=2')
    expect(jar.header('/deep/er')).toBe('a=3; a=2')
    expect(jar.header('/deeper')).toBe('a=2')
  })

  it('Max-Age=0 and a past Expires remove a cookie, and Max-Age takes precedence', () => {
    const jar = createCookieJar(http)
    jar.keep(['a=1', 'b=1', 'c=1'])
    jar.keep([
      'a=; Max-Age=0',
      'b=; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
      'c=2; Max-Age=9; Expires=Thu, 01 Jan 1970 00:00:00 GMT'
    ])
    expect(jar.header('/')).toBe('c=2')
  })

  it('A cookie expires by the clock of the jar', () => {
    let now = 0
    const jar = createCookieJar(http, () => now)
    jar.keep(['a=1; Max-Age=10', 'b=1'])
    now = 9_999
    expect(jar.header('/')).toBe('a=1; b=1')
    now = 10_000
    expect(jar.header('/')).toBe('b=1')
    expect(jar.get('a')).toBeUndefined()
  })

  it('Secure cookies are kept and sent only on encrypted connections', () => {
    const plain = createCookieJar(http)
    plain.keep(['a=1; Secure'])
    expect(plain.names).toEqual([])
    const encrypted = createCookieJar(https)
    encrypted.keep(['a=1; Secure'])
    expect(encrypted.header('/')).toBe('a=1')
  })

  it.each([
    ['__Host-a=1; Path=/', false],
    ['__Host-a=1; Secure', false],
    ['__Host-a=1; Secure; Path=/x', false],
    ['__Host-a=1; Secure; Path=/; Domain=shop.example', false],
    ['__Host-a=1; Secure; Path=/', true],
    ['__Secure-a=1', false],
    ['__Secure-a=1; Secure', true],
    ['a=1; SameSite=None', false],
    ['a=1; SameSite=None; Secure', true],
    ['a=1; Domain=other.example', false],
    ['a=1; Domain=.shop.example', true],
    ['a=1; Domain=example', true],
    ['nothing', false]
  ])('The cookie "%s" is kept: %s', (cookie, kept) => {
    const jar = createCookieJar(https)
    jar.keep([cookie])
    expect(jar.names.length === 1).toBe(kept)
  })
})
