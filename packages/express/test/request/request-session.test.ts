import { inspect } from 'node:util'
import { isSessionError } from '@kvsession/core'
import { type CookieJarClient, createCookieJarClient } from '@kvsession/testkit'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { getSession, type RequestSession } from '../../src/index.ts'
import { serveInTest } from '../support/server.ts'
import { chain, createSite, type SessionRequest, type Site } from '../support/site.ts'

type Step = (request: SessionRequest) => unknown

/** Serves each step at its number. The result of the step is the body, as JSON. */
async function visit(site: Site, ...steps: readonly Step[]): Promise<{ bodies: unknown[]; browser: CookieJarClient }> {
  const { url } = await serveInTest(
    chain(site, async (req, res) => {
      const step = steps[Number(req.url?.slice(1))]
      const result = await step?.(req)
      res.end(JSON.stringify(result ?? null))
    })
  )
  const browser = createCookieJarClient(url)
  const bodies: unknown[] = []
  for (const index of steps.keys()) {
    const { status, body, headers } = await browser.get(`/${index}`)
    bodies.push(status === 200 ? JSON.parse(body) : headers['x-error'])
  }
  return { bodies, browser }
}

/** Calls a method with a callback, as with express-session, and counts the calls. */
function called(
  run: (callback: (error?: Error) => void) => unknown
): Promise<{ error: Error | undefined; sync: boolean }> {
  return new Promise((resolve) => {
    let sync = true
    let calls = 0
    run((error) => {
      if (++calls > 1) throw new Error('called back twice')
      const early = sync
      setImmediate(() => resolve({ error, sync: early }))
    })
    sync = false
  })
}

function codeOf(error: unknown): string {
  return isSessionError(error) ? error.code : `no SessionError: ${String(error)}`
}

function thrownBy(run: () => unknown): string {
  try {
    run()
    return 'nothing'
  } catch (error) {
    return codeOf(error)
  }
}

function messageOf(run: () => unknown): string {
  try {
    return `gave ${String(run())}`
  } catch (error) {
    return String(error)
  }
}

describe('req.session', () => {
  it('req.session shows the data as plain enumerable properties, and nothing else', async () => {
    const { bodies } = await visit(
      createSite(),
      ({ session }) => {
        session.n = 1
        session.list = ['a']
        session.list.push('b')
        delete session.name
      },
      ({ session }) => {
        const loop: string[] = []
        for (const key in session) loop.push(key)
        return {
          loop,
          keys: Object.keys(session),
          names: Object.getOwnPropertyNames(session),
          spread: { ...session },
          json: session,
          inspected: inspect(session),
          has: ['n' in session, Object.hasOwn(session, 'n'), 'save' in session, Object.hasOwn(session, 'save')],
          inherited: [String(session), session instanceof Object, 'then' in session]
        }
      }
    )
    expect(bodies[1]).toEqual({
      loop: ['n', 'list'],
      keys: ['n', 'list'],
      names: ['n', 'list'],
      spread: { n: 1, list: ['a', 'b'] },
      json: { n: 1, list: ['a', 'b'] },
      inspected: "{ n: 1, list: [ 'a', 'b' ] }",
      has: [true, true, true, false],
      inherited: ['[object Object]', true, false]
    })
  })

  it('req.session is one truthy object for the whole request, and reading it decodes nothing', async () => {
    const site = createSite()
    const { bodies } = await visit(
      site,
      (req) => {
        req.session.n = 1
        return new Set([req.session, req.session]).size
      },
      (req) => Boolean(req.session)
    )
    expect(bodies).toEqual([1, true])
  })

  it('req.session.id and req.sessionID are the public tokenId, which is read-only and changes on regenerate', async () => {
    const { bodies } = await visit(createSite(), async (req) => {
      req.session.n = 1
      const before = req.session.id
      const same = [req.sessionID === before, getSession(req).tokenId === before, getSession(req).id === before]
      const refused = [
        thrownBy(() => Reflect.set(req.session, 'id', 'x')),
        thrownBy(() => Reflect.set(req, 'sessionID', 'x'))
      ]
      await req.session.regenerate()
      return { same, refused, changed: req.session.id !== before && req.sessionID === req.session.id }
    })
    expect(bodies[0]).toEqual({
      same: [true, true, false],
      refused: ['DATA_RESERVED_NAME', 'ARGUMENT_INVALID'],
      changed: true
    })
  })

  it('req.session keeps every key that data can have', async () => {
    const names = [
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      'toJSON',
      'then',
      'length',
      '_x',
      '',
      'data'
    ]
    const { bodies } = await visit(
      createSite(),
      ({ session }) => {
        for (const name of names) session[name] = `value of ${name}`
      },
      ({ session }) => ({
        entries: Object.entries(session),
        read: names.map((name) => session[name]),
        clean: Reflect.get({}, 'polluted') === undefined
      })
    )
    const values = names.map((name) => `value of ${name}`)
    expect(bodies[1]).toEqual({ entries: names.map((name, index) => [name, values[index]]), read: values, clean: true })
  })

  it('Assigning to the name of a member of req.session throws immediately', async () => {
    const names = ['id', 'cookie', 'save', 'reload', 'regenerate', 'destroy', 'touch', 'resetMaxAge']
    const { bodies } = await visit(createSite(), (req) => [
      ...names.map((name) => thrownBy(() => Reflect.set(req.session, name, 1))),
      thrownBy(() => Object.defineProperty(req.session, 'save', { value: 1 })),
      thrownBy(() => {
        Reflect.set(req, 'session', { save: 1 })
      })
    ])
    expect(bodies[0]).toEqual(Array(names.length + 2).fill('DATA_RESERVED_NAME'))
  })

  it('req.session deletes its data, keeps its members, and refuses a new prototype and sealing', async () => {
    const { bodies } = await visit(createSite(), ({ session }) => {
      session.n = 1
      const done = [Reflect.deleteProperty(session, 'n'), Reflect.deleteProperty(session, 'save'), typeof session.save]
      return [done, session, Reflect.setPrototypeOf(session, null), Reflect.preventExtensions(session)]
    })
    expect(bodies[0]).toEqual([[true, true, 'function'], {}, false, false])
  })

  it('req.session has its own prototype with the members, which is not Object.prototype', async () => {
    const { bodies } = await visit(createSite(), ({ session }) => {
      const prototype: object = Object.getPrototypeOf(session)
      const lengths = ['save', 'reload', 'regenerate', 'destroy'].map((name) => Reflect.get(prototype, name).length)
      return [prototype === Object.prototype, lengths, Object.keys(prototype)]
    })
    expect(bodies[0]).toEqual([false, [1, 1, 1, 1], []])
  })

  it('Members added to the prototype of req.session appear on no other object', async () => {
    const { bodies } = await visit(createSite(), (req) => {
      const prototype: object = Object.getPrototypeOf(req.session)
      Reflect.set(prototype, 'greet', function (this: RequestSession) {
        return `hello ${this.name}`
      })
      onTestFinished(() => void Reflect.deleteProperty(prototype, 'greet'))
      req.session.name = 'alice'
      const { greet } = req.session
      return [
        typeof greet === 'function' && Reflect.apply(greet, req.session, []),
        Reflect.has(req.session, 'greet'),
        Reflect.has({}, 'greet'),
        Object.keys(req.session)
      ]
    })
    expect(bodies[0]).toEqual(['hello alice', true, false, ['name']])
  })

  it('Every refusal of req.session says what to do instead', async () => {
    const { bodies } = await visit(createSite(), async (req) => {
      const { session } = req
      const messages = [
        () => Reflect.set(session, 'save', 1),
        () => Reflect.set(req, 'sessionID', 'x'),
        () => Reflect.set(req, 'session', 'text'),
        () => Reflect.apply(session.save, undefined, []),
        () => Reflect.set(session.cookie, 'maxAge', 'soon'),
        () => Reflect.get(req, 'sessionStore').get('id', () => {}),
        () => getSession({})
      ].map(messageOf)
      await session.destroy()
      messages.push(messageOf(() => Reflect.set(req, 'session', {})))
      const left = await session.save().catch((error: unknown) => error)
      return [...messages, String(left)]
    })
    expect(bodies[0]).toEqual(
      [
        'req.session.save is a member of the session',
        'regenerate() gives a new one',
        'an object or to null',
        'on req.session',
        'a number of milliseconds, a Date or null',
        'use the manager that you pass to session()',
        'mount session() before the routes that use it',
        'call regenerate() to start another',
        'regenerate() or destroy() replaced this object'
      ].map((part): unknown => expect.stringContaining(part))
    )
  })

  it('Members of req.session hide stored data of the same names, which is kept', async () => {
    const stored = {
      save: 1,
      regenerate: 2,
      cookie: 3,
      id: 'four',
      destroy: null,
      reload: {},
      touch: 5,
      resetMaxAge: 6
    }
    const site = createSite()
    const { bodies } = await visit(
      site,
      (req) => {
        Object.assign(getSession(req).data, stored)
      },
      async (req) => {
        const { session } = req
        const kinds = Object.keys(stored).map((name) => typeof session[name])
        session.n = 1
        const saved = await session.save()
        session.touch()
        return { kinds, saved, keys: Object.keys(session), id: session.id === req.sessionID }
      },
      (req) => getSession(req).data
    )
    expect(bodies[1]).toEqual({
      kinds: ['function', 'function', 'object', 'string', 'function', 'function', 'function', 'function'],
      saved: true,
      keys: ['n'],
      id: true
    })
    expect(bodies[2]).toEqual({ ...stored, n: 1 })
  })

  it('Assigning an object to req.session replaces the data in the same session', async () => {
    const { bodies } = await visit(
      createSite(),
      (req) => {
        req.session.n = 1
        return getSession(req).id
      },
      (req) => {
        req.session = { name: 'new' }
        req.session.list = []
        return getSession(req).id
      },
      (req) => req.session,
      (req) => thrownBy(() => Reflect.set(req, 'session', 'text')),
      (req) => {
        const { session } = req
        req.session = session
        return [req.session, req.session === session]
      }
    )
    expect(bodies[1]).toBe(bodies[0])
    expect(bodies.slice(2)).toEqual([{ name: 'new', list: [] }, 'ARGUMENT_INVALID', [{ name: 'new', list: [] }, true]])
  })

  it('req.session = null destroys the session before the response, which clears the cookie', async () => {
    const site = createSite()
    const { bodies, browser } = await visit(
      site,
      ({ session }) => {
        session.n = 1
      },
      (req) => {
        req.session = null
        return [req.session, thrownBy(() => Reflect.set(req, 'session', { n: 2 }))]
      }
    )
    expect(bodies[1]).toEqual([null, 'ARGUMENT_INVALID'])
    expect(browser.jar.names).toEqual([])
    expect(await site.sessions()).toBe(0)
  })

  it('req.session = undefined also destroys the session, and a destroyed session stays destroyed', async () => {
    const site = createSite()
    const { bodies } = await visit(
      site,
      ({ session }) => {
        session.n = 1
      },
      (req) => {
        Reflect.set(req, 'session', undefined)
        return req.session
      },
      async (req) => {
        await req.session.destroy()
        req.session = null
        return [typeof req.session]
      }
    )
    expect(bodies.slice(1)).toEqual([null, ['undefined']])
    expect(await site.sessions()).toBe(0)
  })

  it('req.session = null is an error if the store cannot destroy the session', async () => {
    const site = createSite()
    const { bodies } = await visit(
      site,
      ({ session }) => {
        session.n = 1
      },
      (req) => {
        req.session = null
        site.store.fail('delete')
      }
    )
    expect(bodies[1]).toBe('STORE_UNAVAILABLE')
  })
})

describe('Methods of req.session', () => {
  it('Methods of req.session call back once, asynchronously, and return req.session; without a callback they return a promise', async () => {
    const { bodies } = await visit(createSite(), async (req) => {
      req.session.n = 1
      const outcomes: unknown[] = []
      for (const name of ['save', 'reload', 'regenerate', 'save', 'touch', 'resetMaxAge', 'destroy'] as const) {
        const { session } = req
        if (name === 'save') session.n = 2
        let chained: unknown
        const { error, sync } = await called((callback) => {
          chained = session[name](callback)
        })
        outcomes.push([name, error === undefined, sync, chained === session])
      }
      return outcomes
    })
    expect(bodies[0]).toEqual(
      ['save', 'reload', 'regenerate', 'save', 'touch', 'resetMaxAge', 'destroy'].map((name) => [
        name,
        true,
        false,
        true
      ])
    )
    const again = await visit(createSite(), async (req) => {
      const { session } = req
      session.n = 1
      return [await session.save(), (await session.reload()) === undefined, session.touch() === session]
    })
    expect(again.bodies[0]).toEqual([true, true, true])
  })

  it('Methods of req.session report a store failure to the callback or the promise, and an unhandled one does not end the process', async () => {
    const site = createSite()
    const unhandled: unknown[] = []
    const note = (error: unknown): void => {
      unhandled.push(error)
    }
    process.on('unhandledRejection', note)
    const { bodies } = await visit(site, async (req) => {
      req.session.n = 1
      await req.session.save()
      const { session } = req
      for (const method of ['compareAndSet', 'get', 'delete'] as const) site.store.fail(method)
      req.session.n = 2
      const codes: string[] = []
      for (const name of ['save', 'reload', 'regenerate', 'destroy'] as const) {
        codes.push(codeOf((await called((callback) => session[name](callback))).error))
        if (name === 'destroy') break
        codes.push(codeOf(await session[name]().catch((error: unknown) => error)))
        void session[name]()
      }
      await new Promise((resolve) => setImmediate(resolve))
      site.store.recover()
      return codes
    })
    process.off('unhandledRejection', note)
    expect(bodies[0]).toEqual(Array(7).fill('STORE_UNAVAILABLE'))
    expect(unhandled).toEqual([])
  })

  it('save() stores immediately, so that the end of the request stores nothing more', async () => {
    const site = createSite()
    await visit(site, async ({ session }) => {
      session.n = 1
      await session.save()
      expect(await site.sessions()).toBe(1)
    })
    expect(site.store.count('compareAndSet')).toBe(1)
  })

  it('reload() replaces req.session with the stored session and drops unsaved changes', async () => {
    const site = createSite()
    const { bodies } = await visit(
      site,
      ({ session }) => {
        session.n = 1
      },
      async (req) => {
        const before = req.session
        before.name = 'unsaved'
        await site.manager.update(getSession(req).id, (data) => {
          data.n = 2
        })
        await req.session.reload()
        return [req.session, req.session === before]
      }
    )
    expect(bodies[1]).toEqual([{ n: 2 }, false])
  })

  it('reload() of a session that has ended, or was never stored, fails', async () => {
    const site = createSite()
    const { bodies } = await visit(
      site,
      async ({ session }) => {
        const { error } = await called((callback) => session.reload(callback))
        session.n = 1
        return [codeOf(error), error?.message]
      },
      async (req) => {
        await site.manager.revoke(getSession(req).id)
        return codeOf(await req.session.reload().catch((error: unknown) => error))
      }
    )
    expect(bodies).toEqual([['SESSION_MISSING', expect.stringContaining('failed to load session')], 'SESSION_MISSING'])
  })

  it('regenerate() creates a new, empty session; the old object can be read but does nothing', async () => {
    const site = createSite()
    const { bodies, browser } = await visit(
      site,
      ({ session }) => {
        session.n = 1
        session.list = ['kept']
      },
      async (req) => {
        const old = req.session
        const { id } = old
        await called((callback) => old.regenerate(callback))
        const fresh = req.session
        old.name = 'written to the old object'
        fresh.n = 2
        return {
          replaced: old !== fresh,
          old: [{ ...old }, old.id === id],
          refused: codeOf(await old.save().catch((error: unknown) => error))
        }
      },
      (req) => req.session
    )
    expect(bodies[1]).toEqual({
      replaced: true,
      old: [{ n: 1, list: ['kept'], name: 'written to the old object' }, true],
      refused: 'SESSION_MISSING'
    })
    expect(bodies[2]).toEqual({ n: 2 })
    expect(await site.sessions()).toBe(1)
    expect(browser.jar.names).toEqual(['sid'])
  })

  it('A failed regenerate() leaves the session and its changes as they were', async () => {
    const site = createSite()
    const { bodies } = await visit(
      site,
      ({ session }) => {
        session.n = 1
      },
      async (req) => {
        req.session.name = 'changed'
        const before = req.session
        site.store.fail('compareAndSet')
        const { error } = await called((callback) => req.session.regenerate(callback))
        site.store.recover()
        return [codeOf(error), req.session === before]
      },
      (req) => req.session
    )
    expect(bodies.slice(1)).toEqual([['STORE_UNAVAILABLE', true], { n: 1, name: 'changed' }])
  })

  it('Three calls of regenerate() send only the last cookie', async () => {
    const { url } = await serveInTest(
      chain(createSite(), async (req, res) => {
        if (req.url === '/read') return res.end(String(req.session.n))
        for (const n of [1, 2, 3]) {
          await req.session.regenerate()
          req.session.n = n
          await req.session.save()
        }
        return res.end()
      })
    )
    const browser = createCookieJarClient(url)
    expect((await browser.get('/')).setCookies).toHaveLength(1)
    expect((await browser.get('/read')).body).toBe('3')
  })

  it('destroy() removes req.session immediately and clears the cookie; the old object can be read', async () => {
    const site = createSite()
    const { bodies, browser } = await visit(
      site,
      ({ session }) => {
        session.n = 1
      },
      async (req) => {
        const { session } = req
        const done = called((callback) => session.destroy(callback))
        const during = req.session
        const { error } = await done
        return [during === undefined, error === undefined, { ...session }, await site.sessions()]
      }
    )
    expect(bodies[1]).toEqual([true, true, { n: 1 }, 0])
    expect(browser.jar.names).toEqual([])
  })

  it('Methods of req.session complete before the response without await', async () => {
    const site = createSite()
    const { url } = await serveInTest(
      chain(site, (req, res) => {
        if (req.url === '/start') req.session.n = 1
        if (req.url === '/regenerate') void req.session.regenerate()
        if (req.url === '/destroy') void req.session.destroy()
        res.end()
      })
    )
    const browser = createCookieJarClient(url)
    await browser.get('/start')
    const first = browser.jar.get('sid')
    await browser.get('/regenerate')
    expect(browser.jar.get('sid')).not.toBe(first)
    await browser.get('/destroy')
    expect(browser.jar.names).toEqual([])
    expect(await site.sessions()).toBe(0)
  })

  // Regression: a redirect after a failed logout left the session and the cookie valid.
  it('A failed destroy or regenerate whose error cannot be noticed is a 503', async () => {
    const site = createSite()
    const { url } = await serveInTest(
      chain(site, async (req, res) => {
        const { session } = req
        const [, way, operation] = (req.url ?? '').split('/')
        const method = operation === 'destroy' ? session.destroy : session.regenerate
        const run = (...callback: [] | [(error?: Error) => void]): unknown => Reflect.apply(method, session, callback)
        const leave = (): unknown => res.writeHead(302, { location: '/' }).end()
        if (way === 'login') session.n = 1
        if (way === 'login') res.end()
        if (way === 'dropped') {
          void run()
          leave()
        }
        if (way === 'unseen') run(() => leave())
        if (way === 'seen') run((error) => res.end(error ? 'told' : 'not told'))
        if (way === 'awaited') await Promise.resolve(run()).catch(() => res.end('caught'))
      })
    )
    const browser = createCookieJarClient(url)
    await browser.get('/login')
    site.store.fail('delete')
    site.store.fail('compareAndSet')
    for (const operation of ['destroy', 'regenerate']) {
      for (const way of ['dropped', 'unseen']) {
        const answer = await browser.get(`/${way}/${operation}`)
        expect([way, operation, answer.status, answer.setCookies]).toEqual([way, operation, 503, []])
      }
      expect((await browser.get(`/seen/${operation}`)).body).toBe('told')
      expect((await browser.get(`/awaited/${operation}`)).body).toBe('caught')
    }
  })

  it('destroy() ends a session that was never loaded', async () => {
    const site = createSite({ lazy: true })
    const { bodies, browser } = await visit(
      site,
      async (req) => {
        await getSession(req).load()
        req.session.n = 1
      },
      async ({ session }) => codeOf(await session.destroy().catch((error: unknown) => error))
    )
    expect(bodies[1]).toBe('no SessionError: undefined')
    expect(browser.jar.names).toEqual([])
  })

  it('touch() stores nothing for a session that ends with the browser', async () => {
    const site = createSite()
    const { bodies } = await visit(
      site,
      ({ session }) => {
        session.n = 1
      },
      ({ session }) => {
        session.touch()
      },
      (req) => req.session
    )
    expect(bodies[2]).toEqual({ n: 1 })
    expect(site.store.count('compareAndSet')).toBe(1)
  })

  it('touch() of a replaced object, and of a permanent session, stores nothing', async () => {
    const site = createSite()
    const counts: number[] = []
    const now = Date.now()
    const clock = vi.spyOn(Date, 'now').mockReturnValue(now)
    onTestFinished(() => clock.mockRestore())
    await visit(
      site,
      async (req) => {
        const old = req.session
        old.n = 1
        await old.regenerate()
        req.session.cookie.maxAge = 3_600_000
        await req.session.save()
        site.store.forget()
        clock.mockReturnValue(now + 60_000)
        old.touch()
      },
      () => {
        counts.push(site.store.count('compareAndSet'))
      },
      async (req) => {
        getSession(req).permanent = true
        await req.session.save()
        site.store.forget()
      },
      ({ session }) => {
        session.touch()
      }
    )
    expect([...counts, site.store.count('compareAndSet')]).toEqual([0, 0])
  })

  it('Methods of req.session cannot be called on other objects', async () => {
    const { bodies } = await visit(createSite(), ({ session }) => {
      const { save } = session
      return thrownBy(() => Reflect.apply(save, undefined, []))
    })
    expect(bodies[0]).toBe('ARGUMENT_INVALID')
  })
})

describe('req.session.cookie', () => {
  async function withCookie(step: (session: RequestSession) => unknown): Promise<{ body: unknown; setCookie: string }> {
    const { url } = await serveInTest(
      chain(createSite({ permanentLifetime: '31d', cookie: { path: '/', sameSite: 'strict' } }), (req, res) => {
        req.session.n = 1
        res.end(JSON.stringify(step(req.session) ?? null))
      })
    )
    const { body, setCookies, headers } = await createCookieJarClient(url).get('/')
    return { body: headers['x-error'] ?? JSON.parse(body), setCookie: setCookies.join() }
  }

  it('The cookie is a browser-session cookie until maxAge or expires is set', async () => {
    const { body, setCookie } = await withCookie(({ cookie }) => [cookie.maxAge, cookie.originalMaxAge, cookie.expires])
    expect(body).toEqual([null, null, null])
    expect(setCookie).not.toMatch(/max-age|expires/i)
  })

  it.each<[string, (session: RequestSession) => unknown]>([
    [
      'maxAge in milliseconds',
      ({ cookie }) => {
        cookie.maxAge = 60_000
        return [cookie.maxAge, cookie.originalMaxAge, cookie.expires !== null]
      }
    ],
    [
      'originalMaxAge',
      ({ cookie }) => {
        cookie.originalMaxAge = 60_000
        return [cookie.maxAge, cookie.originalMaxAge, cookie.expires !== null]
      }
    ],
    [
      'expires as a date',
      ({ cookie }) => {
        cookie.expires = new Date(Date.now() + 60_000)
        return [Math.round((cookie.maxAge ?? 0) / 1000) * 1000, 60_000, cookie.expires !== null]
      }
    ]
  ])('A lifetime set by %s is sent and kept', async (_, step) => {
    const { body, setCookie } = await withCookie(step)
    expect(body).toEqual([60_000, 60_000, true])
    expect(setCookie).toMatch(/Max-Age=(?:60|59)\b/)
  })

  it.each<false | null | undefined>([false, null, undefined])(
    'The cookie ends with the browser again at maxAge = %s',
    async (value) => {
      const { setCookie } = await withCookie(({ cookie }) => {
        cookie.maxAge = 60_000
        cookie.maxAge = value
      })
      expect(setCookie).not.toMatch(/max-age/i)
    }
  )

  it('req.session.cookie shows the remaining time, and touch() restarts it', async () => {
    const site = createSite()
    const { bodies } = await visit(
      site,
      ({ session }) => {
        session.n = 1
        session.cookie.maxAge = 3_600_000
      },
      (req) => {
        const left = req.session.cookie.maxAge ?? 0
        const ends = getSession(req).expiresAt
        return [left > 3_500_000 && left <= 3_600_000, req.session.cookie.originalMaxAge, ends]
      },
      ({ session }) => {
        session.touch()
      },
      (req) => getSession(req).expiresAt
    )
    expect(bodies[1]).toEqual([true, 3_600_000, expect.any(Number)])
    expect(Number(bodies[3])).toBeGreaterThanOrEqual(Number(Array.isArray(bodies[1]) && bodies[1][2]))
    expect(site.store.count('compareAndSet')).toBe(2)
  })

  it('req.session.cookie counts down a lifetime from an earlier request, and shows a new one unchanged', async () => {
    const hour = 3_600_000
    const now = Date.now()
    const clock = vi.spyOn(Date, 'now')
    onTestFinished(() => clock.mockRestore())
    const { bodies } = await visit(
      createSite(),
      ({ session }) => {
        const { cookie } = session
        session.n = 1
        clock.mockReturnValue(now)
        cookie.maxAge = hour
        clock.mockReturnValue(now + 1_000)
        const shown = [cookie.maxAge, cookie.expires]
        clock.mockReturnValue(now)
        return shown
      },
      ({ session: { cookie } }) => {
        clock.mockReturnValue(now + hour / 2)
        const left = cookie.maxAge
        clock.mockReturnValue(now + hour * 2)
        const past = cookie.maxAge
        cookie.maxAge = new Date(now + hour * 3)
        clock.mockReturnValue(now + hour * 2 + 1_000)
        return [left, past, cookie.maxAge]
      }
    )
    expect(bodies[0]).toEqual([hour, new Date(now + 1_000 + hour).toISOString()])
    expect(bodies[1]).toEqual([hour / 2, 0, hour])
  })

  it('req.session.cookie shows the lifetime of permanent = true', async () => {
    const { bodies } = await visit(createSite({ permanentLifetime: '31d' }), (req) => {
      getSession(req).permanent = true
      return req.session.cookie.originalMaxAge
    })
    expect(bodies[0]).toBe(31 * 24 * 3_600_000)
  })

  const attributes = { path: '/', httpOnly: true, secure: 'auto', sameSite: 'strict', partitioned: false }

  it('req.session.cookie shows the configured attributes', async () => {
    const { body } = await withCookie((session) => [
      { ...session.cookie, expires: undefined },
      new Set([session.cookie, session.cookie]).size
    ])
    expect(body).toEqual([{ maxAge: null, originalMaxAge: null, ...attributes }, 1])
  })

  it('The members data and toJSON() of req.session.cookie show the lifetime and the attributes', async () => {
    const { body } = await withCookie(({ cookie }) => [cookie, cookie.data, cookie.toJSON()])
    expect(body).toEqual(Array(3).fill({ originalMaxAge: null, expires: null, ...attributes }))
  })

  it.each([
    ['secure', false],
    ['secure', true],
    ['httpOnly', false],
    ['sameSite', 'none'],
    ['path', '/shop'],
    ['domain', 'example.com'],
    ['partitioned', true],
    ['priority', 'high']
  ])('Setting %s to %j for one session throws an error that names the option', async (name, value) => {
    const { body } = await withCookie(({ cookie }) => [
      thrownBy(() => Reflect.set(cookie, name, value)),
      messageOf(() => Reflect.set(cookie, name, value))
    ])
    expect(body).toEqual(['ARGUMENT_INVALID', expect.stringContaining(`req.session.cookie.${name}`)])
    expect(body).toEqual(['ARGUMENT_INVALID', expect.stringContaining('use the cookie option of session()')])
  })

  it('An attribute may be set to its configured value', async () => {
    const { body } = await withCookie(({ cookie }) => Reflect.set(cookie, 'httpOnly', true))
    expect(body).toBe(true)
  })

  it.each<[string, (session: RequestSession) => unknown]>([
    [
      'maxAge = 0',
      ({ cookie }) => {
        cookie.maxAge = 0
        return [cookie.maxAge, (cookie.expires?.getTime() ?? Number.NaN) <= Date.now()]
      }
    ],
    [
      'maxAge = -1',
      ({ cookie }) => {
        cookie.maxAge = -1
        return [cookie.maxAge, true]
      }
    ],
    [
      'a past expires',
      ({ cookie }) => {
        cookie.expires = new Date(0)
        return [cookie.maxAge, true]
      }
    ]
  ])('Setting %s ends the session when the response starts, and clears the cookie', async (_, logout) => {
    const site = createSite()
    const { bodies, browser } = await visit(
      site,
      ({ session }) => {
        session.n = 1
      },
      ({ session }) => [...(Array.isArray(logout(session)) ? [logout(session)] : []), session.n],
      ({ session }) => session
    )
    expect(bodies).toEqual([null, [[0, true], 1], {}])
    expect([browser.jar.names, await site.sessions()]).toEqual([[], 0])
  })

  it('save() ends a session with maxAge 0, because a socket has no response', async () => {
    const site = createSite()
    const { bodies } = await visit(
      site,
      ({ session }) => {
        session.n = 1
      },
      async ({ session }) => {
        session.cookie.maxAge = 0
        await session.save()
        return site.sessions()
      }
    )
    expect(bodies[1]).toBe(0)
  })

  it('maxAge refuses a value that is not a duration', async () => {
    const { body } = await withCookie(({ cookie }) => thrownBy(() => Reflect.set(cookie, 'maxAge', 'soon')))
    expect(body).toBe('ARGUMENT_INVALID')
  })
})
