import { parseSetCookie } from 'cookie'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { longestToken } from '../../src/token/token.ts'
import { isLoopbackHost, readSetCookie, resolveCookieOptions } from '../../src/transport/set-cookie.ts'

const token = 'T'.repeat(76)
/** A caller without types may pass anything. */
const resolve: (options: unknown) => unknown = Function('resolve', 'return resolve')(resolveCookieOptions)

function refused(option: string, code = 'OPTION_INVALID') {
  return expect.objectContaining({ code, message: expect.stringContaining(`cookie.${option} `) })
}

describe('the default cookie', () => {
  const policy = resolveCookieOptions()

  it('The default cookie is Secure, __Host-, HttpOnly, Lax and ends with the browser session, byte for byte', () => {
    expect(policy.secureTemplate.fullName).toBe('__Host-sid')
    expect(policy.secureTemplate.write(token)).toBe(`__Host-sid=${token}; Path=/; HttpOnly; Secure; SameSite=Lax`)
  })

  it('The default cookie has no prefix and no Secure on loopback', () => {
    expect(policy.plainTemplate.fullName).toBe('sid')
    expect(policy.plainTemplate.write(token)).toBe(`sid=${token}; Path=/; HttpOnly; SameSite=Lax`)
  })

  it('The default cookie is cleared with the same attributes, by Max-Age and by Expires', () => {
    expect(policy.secureTemplate.clear()).toBe(
      '__Host-sid=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax'
    )
  })

  it('The policy is frozen', () => {
    expect(Object.isFrozen(policy) && Object.isFrozen(policy.secureTemplate)).toBe(true)
  })
})

describe('a persistent cookie', () => {
  const { secureTemplate } = resolveCookieOptions()

  it.each([
    [0, 0],
    [1, 1],
    [59.2, 60],
    [2_678_400, 2_678_400],
    [34_560_000, 34_560_000],
    [34_560_001, 34_560_000],
    [1e12, 34_560_000],
    [-5, 0]
  ])('A cookie of %d s has Max-Age=%d, never more than 400 days', (seconds, expected) => {
    expect(parseSetCookie(secureTemplate.write(token, seconds)).maxAge).toBe(expected)
  })
})

describe('the prefix', () => {
  it.each([
    [{}, '__Host-sid', 'sid'],
    [{ secure: true }, '__Host-sid', '__Host-sid'],
    [{ secure: false }, 'sid', 'sid'],
    [{ path: '/app' }, '__Secure-sid', 'sid'],
    [{ domain: 'example.com' }, '__Secure-sid', 'sid'],
    [{ prefix: 'none' }, 'sid', 'sid'],
    [{ prefix: 'secure' }, '__Secure-sid', 'sid'],
    [{ prefix: 'host', name: 'id' }, '__Host-id', 'id'],
    [{ secure: false, domain: 'example.com', path: '/x' }, 'sid', 'sid']
  ] as const)('The options %j make the names %s and, on loopback, %s', (options, secureName, plainName) => {
    const { secureTemplate, plainTemplate } = resolveCookieOptions(options)
    expect([secureTemplate.fullName, plainTemplate.fullName]).toEqual([secureName, plainName])
  })

  it.each([
    { prefix: 'host', domain: 'example.com' },
    { prefix: 'host', path: '/app' },
    { prefix: 'host', secure: false },
    { prefix: 'secure', secure: false }
  ] as const)('The options %j are refused, because no browser would keep the cookie', (options) => {
    expect(() => resolveCookieOptions(options)).toThrow(refused('prefix'))
  })
})

describe('wrong options', () => {
  it('SameSite=None and Partitioned without Secure are refused', () => {
    expect(() => resolveCookieOptions({ secure: false, sameSite: 'none' })).toThrow(refused('sameSite'))
    expect(() => resolveCookieOptions({ secure: false, partitioned: true })).toThrow(refused('partitioned'))
  })

  it.each([
    '',
    'a b',
    'a;b',
    'a=b',
    'a,b',
    'a"b',
    '\u00e9',
    'a\r\nb',
    'a\0',
    'a\x7f',
    ' a',
    'a ',
    'x'.repeat(1_025),
    7,
    null
  ])('The name %j is refused', (name) => {
    expect(() => resolve({ name })).toThrow(refused('name'))
  })

  it.each(['__Host-sid', '__Secure-sid', '__host-sid', '__Http-sid', '__HOST-HTTP-sid'])(
    'The name %s is refused with a hint at the prefix option',
    (name) => {
      expect(() => resolveCookieOptions({ name })).toThrow(/cookie\.name .*cookie\.prefix/)
    }
  )

  it.each([
    '',
    'app',
    '/a;b',
    '/a b',
    ' /',
    '/ ',
    '/\r\n',
    '/\0',
    '/\x7f',
    '/\u00e9',
    '/<',
    `/${'x'.repeat(1_024)}`,
    1,
    null,
    ['/']
  ])('The path %j is refused', (path) => {
    expect(() => resolve({ path })).toThrow(refused('path'))
  })

  it.each([
    '',
    '.',
    'localhost',
    'com',
    '127.0.0.1',
    '10.1',
    'example.12',
    '[::1]',
    '::1',
    'example.com:80',
    'https://example.com',
    'example.com/x',
    'example..com',
    '..example.com',
    'example.com.',
    '-a.example.com',
    'a-.example.com',
    'ex ample.com',
    'a;b.com',
    'a\r\n.com',
    'a\0.com',
    'a\x7f.com',
    ' example.com',
    'ex\u00e4mple.com',
    '*.example.com',
    `${'a'.repeat(64)}.com`,
    `${'a.'.repeat(130)}com`,
    `${'a.'.repeat(125)}info`,
    `${'x'.repeat(1_025)}.com`,
    5,
    null
  ])('The domain %j is refused', (domain) => {
    expect(() => resolve({ domain })).toThrow(refused('domain'))
  })

  it.each([
    ['sameSite', 'Lax'],
    ['sameSite', false],
    ['secure', 'yes'],
    ['secure', 1],
    ['httpOnly', 'true'],
    ['partitioned', 1],
    ['priority', 'urgent'],
    ['priority', ''],
    ['priority', null],
    ['prefix', '__Host-'],
    ['prefix', null]
  ])('The option %s: %j is refused, with what is allowed', (option, value) => {
    expect(() => resolve({ [option]: value })).toThrow(/must be one of /)
    expect(() => resolve({ [option]: value })).toThrow(refused(option))
  })

  it.each([
    ['maxAge', 'Unknown option cookie.maxAge; use permanent'],
    ['expires', 'Unknown option cookie.expires; use permanent'],
    ['Name', 'Unknown option cookie.Name; did you mean cookie.name?'],
    ['samesite', 'Unknown option cookie.samesite; did you mean cookie.sameSite?']
  ])('The option %s is unknown here', (option, message) => {
    expect(() => resolve({ [option]: 1 })).toThrow(
      expect.objectContaining({ code: 'OPTION_UNKNOWN', message: `${message} [OPTION_UNKNOWN]` })
    )
  })

  it.each([null, 'sid', 5])('The value %j instead of an object is refused', (options) => {
    expect(() => resolve(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })
})

describe('a refusal', () => {
  it.each([
    [{ path: 'x' }, "cookie.path must start with '/', without space, ';', '<' or control characters, 1024 at most"],
    [{ prefix: 'host', path: '/x' }, "cookie.prefix 'host' needs Secure, path '/' and no domain"],
    [{ prefix: 'secure', secure: false }, 'cookie.prefix secure needs Secure: leave out secure: false'],
    [{ sameSite: 'none', secure: false }, 'cookie.sameSite none needs Secure: leave out secure: false'],
    [{ name: 'a b' }, "cookie.name must be letters, digits, '-' and '_', and short"],
    [{ name: '__Host-a' }, 'cookie.name comes without prefix: set cookie.prefix'],
    [{ domain: 'x' }, "cookie.domain must be a name such as 'example.com', no address, scheme or port"],
    [7, 'cookie must be an object of cookie options']
  ])('The refusal of %j says what to do', (options, message) => {
    expect(() => resolve(options)).toThrow(expect.objectContaining({ message: `${message} [OPTION_INVALID]` }))
  })
})

describe('accepted options', () => {
  it('All accepted options are in the cookie, byte for byte', () => {
    const all = { domain: 'example.com', path: '/app', httpOnly: false, partitioned: true, priority: 'high' } as const
    const { secureTemplate, plainTemplate } = resolveCookieOptions({ ...all, sameSite: 'strict' })
    const place = '; Domain=example.com; Path=/app'
    const flags = '; Secure; Partitioned; Priority=High; SameSite=Strict'
    expect(secureTemplate.write(token)).toBe(`__Secure-sid=${token}${place}${flags}`)
    expect(secureTemplate.clear()).toBe(
      `__Secure-sid=; Max-Age=0${place}; Expires=Thu, 01 Jan 1970 00:00:00 GMT${flags}`
    )
    expect(plainTemplate.write(token)).toBe(`sid=${token}${place}; Priority=High; SameSite=Strict`)
  })

  it('Options without Secure make a cookie without it, and without a prefix', () => {
    const policy = resolveCookieOptions({ secure: false })
    expect(policy.secureTemplate.write(token)).toBe(`sid=${token}; Path=/; HttpOnly; SameSite=Lax`)
    expect(policy.prefix).toBe('none')
  })

  it.each(['example.3com', 'example.c', `${'a.'.repeat(125)}com`])('The domain %s is accepted', (domain) => {
    expect(resolveCookieOptions({ domain }).domain).toBe(domain)
  })

  it('A name that only resembles one with a prefix is accepted, and one of the greatest length', () => {
    for (const name of ['my__host-sid', 'x'.repeat(1_024 - longestToken)]) {
      expect(resolveCookieOptions({ name }).name).toBe(name)
    }
    expect(() => resolveCookieOptions({ name: 'x'.repeat(1_025 - longestToken) })).toThrow(refused('name'))
  })

  it('A leading dot of a domain is ignored', () => {
    expect(resolveCookieOptions({ domain: '.example.com' }).domain).toBe('example.com')
    expect(resolveCookieOptions({ domain: 'xn--bcher-kva.example' }).domain).toBe('xn--bcher-kva.example')
  })

  it('With secure: auto the cookie for loopback has no attribute that browsers accept only with Secure', () => {
    const { secureTemplate, plainTemplate } = resolveCookieOptions({ sameSite: 'none', partitioned: true })
    expect(secureTemplate.write(token)).toMatch(/; Secure; Partitioned; SameSite=None$/)
    expect(plainTemplate.write(token)).toBe(`sid=${token}; Path=/; HttpOnly; SameSite=Lax`)
  })

  it('Every combination gives a cookie within the limits, and clearing repeats it attribute by attribute', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^`|~-]{1,800}$/)
    const options = fc.record(
      {
        name,
        path: fc.stringMatching(/^\/[a-z0-9/%-]{0,900}$/),
        domain: fc.domain().filter((domain) => domain.length <= 253),
        sameSite: fc.constantFrom('strict' as const, 'lax' as const, 'none' as const),
        secure: fc.constantFrom('auto' as const, true, false),
        httpOnly: fc.boolean(),
        partitioned: fc.boolean(),
        priority: fc.constantFrom('low' as const, 'medium' as const, 'high' as const)
      },
      { requiredKeys: [] }
    )
    let accepted = 0
    fc.assert(
      fc.property(options, fc.option(fc.nat(), { nil: undefined }), (some, maxAge) => {
        fc.pre(some.secure !== false || (some.sameSite !== 'none' && some.partitioned !== true))
        const policy = resolveCookieOptions(some)
        accepted++
        for (const form of [policy.secureTemplate, policy.plainTemplate]) {
          const line = form.write('T'.repeat(longestToken), maxAge)
          const [pair = '', ...attributes] = line.split('; ')
          expect(pair.length).toBeLessThanOrEqual(4_096)
          for (const attribute of attributes) expect(attribute.length).toBeLessThanOrEqual(1_024 + 'Domain='.length)
          expect(line).toContain('; SameSite=')
          const written = parseSetCookie(form.write('', 0), { decode: (value) => value })
          const { expires, ...cleared } = parseSetCookie(form.clear(), { decode: (value) => value })
          expect(cleared).toEqual(written)
          expect(expires?.getTime()).toBe(0)
          if (form.fullName.startsWith('__')) expect(written.secure).toBe(true)
          if (form.fullName.startsWith('__Host-')) expect([written.path, written.domain]).toEqual(['/', undefined])
        }
      }),
      { numRuns: 2_000 }
    )
    expect(accepted).toBeGreaterThan(500)
  })
})

describe('a loopback host', () => {
  it.each([
    'localhost',
    'LOCALHOST',
    'localhost:3000',
    'app.localhost',
    'a.b.localhost:80',
    '127.0.0.1',
    '127.0.0.1:8080',
    '127.255.255.255',
    '127.249.199.99',
    `${'a'.repeat(259)}.localhost`,
    '[::1]',
    '[::1]:3000'
  ])('The host %s is loopback', (host) => {
    expect(isLoopbackHost(host)).toBe(true)
  })

  it.each([
    '',
    'example.com',
    'localhost.evil.com',
    'localhost.',
    'evillocalhost',
    '.localhost',
    'a..localhost',
    'localhost:',
    'localhost:x',
    'localhost:123456',
    'localhost@evil.com',
    'localhost, evil.com',
    'localhost\n',
    ' localhost',
    '127.0.0.1.nip.io',
    '127.0.0.1.',
    '127.0.0.256',
    '127.0.0.01',
    '127.0.0',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
    '0.0.0.0',
    '128.0.0.1',
    '10.127.0.0.1',
    '[::]',
    '[::1',
    '::1',
    '[::ffff:127.0.0.1]',
    '[::1].evil.com',
    `${'a'.repeat(260)}.localhost`
  ])('The host %j is not loopback', (host) => {
    expect(isLoopbackHost(host)).toBe(false)
  })
})

describe('cookie as data', () => {
  it('A cookie as data says that it is to be removed', () => {
    const { plainTemplate } = resolveCookieOptions({ secure: false })
    expect(readSetCookie(plainTemplate.clear())).toEqual({
      name: 'sid',
      value: '',
      attributes: { path: '/', maxAge: 0, expires: new Date(0), httpOnly: true, sameSite: 'lax' }
    })
  })

  it('A cookie as data leaves out the attributes that the cookie does not have', () => {
    const { plainTemplate } = resolveCookieOptions({ secure: false, httpOnly: false })
    expect(readSetCookie(plainTemplate.write('token')).attributes).toEqual({ path: '/', sameSite: 'lax' })
  })
})
