import { createRequire } from 'node:module'
import { type CookieJarClient, createCookieJarClient } from '@kvsession/testkit'
import flash from 'connect-flash'
import cookieParser from 'cookie-parser'
import type { Request, RequestHandler, Response } from 'express'
import { Passport } from 'passport'
import { Strategy } from 'passport-local'
import { beforeEach, describe, expect, it } from 'vitest'
import { getSession } from '../src/index.ts'
import { type Express, type Framework, frameworks, quiet } from './support/frameworks.ts'
import { serveInTest } from './support/server.ts'
import { createSite, type Site } from './support/site.ts'

quiet()

// Not imported: the types of both require those of express-session, which declare req.session.
const require = createRequire(import.meta.url)
const csrfSync: (options: object) => {
  generateToken(req: Request): string
  csrfSynchronisedProtection: RequestHandler
} = require('csrf-sync').csrfSync
const doubleCsrf: (options: object) => {
  generateCsrfToken(req: Request, res: Response): string
  doubleCsrfProtection: RequestHandler
} = require('csrf-csrf').doubleCsrf

interface Account {
  readonly name: string
}

describe.each(frameworks)('Middleware for express-session on $name', (framework: Framework) => {
  let site: Site
  let browser: CookieJarClient

  async function open(middlewares: readonly RequestHandler[], mount: (app: Express) => void): Promise<void> {
    const { url } = await serveInTest(framework.createApp([site.middleware, ...middlewares], mount))
    browser = createCookieJarClient(url)
  }

  beforeEach(() => {
    site = createSite({ userIdFrom: userOf })
  })

  function userOf({ passport }: Record<string, unknown>): string | undefined {
    if (typeof passport !== 'object' || passport === null || !('user' in passport)) return undefined
    return typeof passport.user === 'string' ? passport.user : undefined
  }

  function createPassport(): InstanceType<typeof Passport> {
    const passport = new Passport()
    passport.use(
      new Strategy((name, password, done) => {
        done(null, password === 'right' ? { name } : false, { message: 'wrong password' })
      })
    )
    passport.serializeUser<string>((user, done) => {
      done(null, 'name' in user && typeof user.name === 'string' ? user.name : undefined)
    })
    passport.deserializeUser<string>((name, done) => done(null, name === 'deleted' ? false : { name }))
    return passport
  }

  const nameOf = ({ user }: Request): string => (isAccount(user) ? user.name : 'nobody')

  function isAccount(user: object | undefined): user is Account {
    return user !== undefined && 'name' in user
  }

  async function openWithPassport(): Promise<void> {
    const passport = createPassport()
    await open([passport.initialize(), passport.session()], (app) => {
      const failures = { failureRedirect: '/failed', failureMessage: true }
      app.get('/cart', (req, res) => {
        req.session.list = ['shoes']
        req.session.returnTo = '/checkout'
        res.send('ok')
      })
      app.get('/login', passport.authenticate('local', { ...failures, successReturnToOrRedirect: '/' }))
      app.get('/keep', passport.authenticate('local', { ...failures, keepSessionInfo: true, successRedirect: '/' }))
      app.get('/logout', (req, res, next) => req.logout((error) => (error ? next(error) : res.redirect('/'))))
      app.get('/', (req, res) => {
        res.json({ name: nameOf(req), userId: getSession(req).userId ?? null, data: Object.keys(req.session) })
      })
      app.get('/failed', (req, res) => {
        res.json(req.session.messages)
      })
    })
  }

  async function state(cookie?: string): Promise<unknown> {
    return JSON.parse((await browser.get('/', cookie === undefined ? {} : { cookie })).body)
  }

  const alice = 'username=alice&password=right'
  const anonymous = { name: 'nobody', userId: null, data: [] }

  it('Passport logs in and out, a redirect finds the new state, and userIdFrom indexes the user', async () => {
    await openWithPassport()
    await browser.get('/cart')
    const login = await browser.get(`/login?${alice}`)
    expect([login.status, login.headers.location, login.setCookies.length]).toEqual([302, '/', 1])
    expect(await state()).toEqual({ name: 'alice', userId: 'alice', data: ['passport'] })
    expect(await site.manager.list({ userId: 'alice' })).toHaveLength(1)
    const cookie = `sid=${browser.jar.get('sid')}`
    const logout = await browser.get('/logout')
    expect([logout.status, logout.setCookies.length]).toEqual([302, 1])
    expect(await state()).toEqual(anonymous)
    expect(await state(cookie)).toEqual(anonymous)
    expect(await site.manager.list({ userId: 'alice' })).toEqual([])
    expect(await site.sessions()).toBe(1)
  })

  it("Passport keeps the visitor's data if configured, and redirects to the requested page", async () => {
    await openWithPassport()
    await browser.get('/cart')
    await browser.get(`/keep?${alice}`)
    expect(await state()).toEqual({ name: 'alice', userId: 'alice', data: ['list', 'returnTo', 'passport'] })
  })

  it('A cookie planted before a login with passport grants no access after it', async () => {
    await openWithPassport()
    await browser.get('/cart')
    const planted = `sid=${browser.jar.get('sid')}`
    await browser.get(`/login?${alice}`)
    expect(await state(planted)).toEqual(anonymous)
    expect((await browser.get('/cart', { cookie: planted })).setCookies).toEqual([])
    expect(await state()).toMatchObject({ name: 'alice' })
  })

  it('A wrong password with passport stores its message in the session', async () => {
    await openWithPassport()
    const failed = await browser.get('/login?username=alice&password=wrong')
    expect(failed.headers.location).toBe('/failed')
    expect((await browser.get('/failed')).body).toBe('["wrong password"]')
    expect(await state()).toMatchObject({ name: 'nobody' })
  })

  it('The next request of a deleted user logs the user out with passport', async () => {
    await openWithPassport()
    await browser.get('/login?username=deleted&password=right')
    expect(await state()).toMatchObject({ name: 'nobody' })
    expect(await site.manager.list({ userId: 'deleted' })).toEqual([])
  })

  it('A login or logout with passport that the store refuses is an error, and the old session stays valid', async () => {
    await openWithPassport()
    await browser.get('/cart')
    site.store.fail('compareAndSet')
    expect((await browser.get(`/login?${alice}`)).status).toBe(503)
    site.store.recover()
    expect(await state()).toMatchObject({ name: 'nobody', data: ['list', 'returnTo'] })
    await browser.get(`/login?${alice}`)
    site.store.fail('compareAndSet')
    expect((await browser.get('/logout')).status).toBe(503)
    site.store.recover()
    expect(await state()).toMatchObject({ name: 'alice' })
  })

  it('A message of connect-flash is shown once, after the redirect', async () => {
    await open([flash()], (app) => {
      app.get('/set', (req, res) => {
        req.flash('info', 'saved')
        req.flash('info', 'twice')
        res.redirect('/show')
      })
      app.get('/show', (req, res) => {
        res.json(req.flash('info'))
      })
    })
    await browser.get('/set')
    expect((await browser.get('/show')).body).toBe('["saved","twice"]')
    expect((await browser.get('/show')).body).toBe('[]')
  })

  const login: RequestHandler = (req, res, next) => {
    req.session.regenerate((error) => {
      if (error) return next(error)
      req.session.user = 'alice'
      return res.send('ok')
    })
  }

  async function post(token: string): Promise<number> {
    return (await browser.get('/act', { method: 'POST', headers: { 'x-csrf-token': token } })).status
  }

  it('The middleware csrf-sync accepts its token, but not the token from before the login', async () => {
    const { csrfSynchronisedProtection, generateToken } = csrfSync({})
    await open([], (app) => {
      app.get('/token', (req, res) => {
        res.send(generateToken(req))
      })
      app.get('/login', login)
      app.post('/act', csrfSynchronisedProtection, (_req, res) => {
        res.send('done')
      })
    })
    const before = (await browser.get('/token')).body
    expect([await post(before), await post('forged')]).toEqual([200, 403])
    await browser.get('/login')
    expect(await post(before)).toBe(403)
    expect(await post((await browser.get('/token')).body)).toBe(200)
  })

  it('The middleware csrf-csrf, bound to req.session.id, accepts its token, but not the token from before the login', async () => {
    const { doubleCsrfProtection, generateCsrfToken } = doubleCsrf({
      getSecret: () => 'the secret of the csrf library',
      getSessionIdentifier: (req: Request) => req.session.id,
      cookieName: 'csrf',
      cookieOptions: { secure: false }
    })
    await open([cookieParser()], (app) => {
      app.get('/token', (req, res) => {
        req.session.n = 1
        res.send(generateCsrfToken(req, res))
      })
      app.get('/login', login)
      app.post('/act', doubleCsrfProtection, (_req, res) => {
        res.send('done')
      })
    })
    await browser.get('/token')
    const before = (await browser.get('/token')).body
    expect([await post(before), await post('forged')]).toEqual([200, 403])
    const csrf = browser.jar.get('csrf')
    await browser.get('/login')
    expect(browser.jar.get('csrf')).toBe(csrf)
    expect(await post(before)).toBe(403)
  })
})
