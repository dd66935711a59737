import { createCookieJarClient, createGate } from '@kvsession/testkit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { describe, expect, it, onTestFinished } from 'vitest'
import { getSession } from '../src/index.ts'
import { serve } from './support/fastify-app.ts'
import { createSite, type Site, type SiteOptions } from './support/site.ts'

type Browser = ReturnType<typeof createCookieJarClient>

async function serveSite(
  handler: (request: FastifyRequest, reply: FastifyReply) => unknown,
  options: SiteOptions = {}
): Promise<Site & { readonly browser: Browser }> {
  const site = createSite(options)
  site.fastify.get('/hijack', async (request, reply) => {
    await handler(request, reply)
    return reply
  })
  const app = await serve(site.fastify)
  onTestFinished(() => app.close())
  return { ...site, browser: createCookieJarClient(app.url) }
}

describe('reply.hijack()', () => {
  it('A hijacked response sends the cookie of a login that came before reply.hijack()', async () => {
    const { browser } = await serveSite(async (request, reply) => {
      await getSession(request).login('alice')
      reply.hijack()
      reply.raw.writeHead(200, { 'X-Own': 'yes' }).end('raw')
    })
    const answer = await browser.get('/hijack')
    expect([answer.body, answer.headers['x-own']]).toEqual(['raw', 'yes'])
    expect(answer.setCookies).toHaveLength(1)
    expect(answer.headers['cache-control']).toBe('no-store')
  })

  it('A hijacked response stores what changes before it closes', async () => {
    const site = await serveSite((request, reply) => {
      request.session.before = true
      reply.hijack()
      request.session.after = true
      reply.raw.end('raw')
    })
    await site.browser.get('/start')
    const write = site.store.hold('compareAndSet')
    await site.browser.get('/hijack')
    await write.reached
    write.release()
    expect(JSON.parse((await site.browser.get('/read')).body)).toEqual({ started: true, before: true, after: true })
  })

  it('A login after reply.hijack() is refused, because the cookie could not be set', async () => {
    let code: unknown
    const { browser, store } = await serveSite(async (request, reply) => {
      reply.hijack()
      const login = getSession(request).login('alice')
      await login.catch((error) => {
        code = error.code
      })
      reply.raw.end('raw')
    })
    await browser.get('/hijack')
    expect([code, store.count()]).toEqual(['HEADERS_SENT', 0])
  })

  it('reply.hijack() refuses data of a new session that is not stored, and says what to do', async () => {
    const { browser, store } = await serveSite((request, reply) => {
      request.session.views = 1
      reply.hijack()
    })
    const answer = await browser.get('/hijack')
    expect(answer.status).toBe(500)
    expect(JSON.parse(answer.body)).toMatchObject({
      code: 'HEADERS_SENT',
      message: expect.stringContaining('await getSession(request).save() before it')
    })
    expect(store.count('compareAndSet')).toBe(1)
  })

  it('A change that a hijacked response could not store logs the error, and raises the event', async () => {
    const logged = createGate()
    const site = await serveSite((request, reply) => {
      reply.log.error = () => logged.open()
      reply.hijack()
      request.session.late = true
      reply.raw.end('raw')
    })
    await site.browser.get('/start')
    site.store.fail('compareAndSet')
    await site.browser.get('/hijack')
    await logged.passed
    expect(site.events).toContainEqual(expect.objectContaining({ type: 'commitFailed' }))
  })
})

describe('A response that is written to reply.raw without reply.hijack()', () => {
  it('A response written to reply.raw carries the cookie of a login that came before it', async () => {
    const { browser } = await serveSite(async (request, reply) => {
      await getSession(request).login('alice')
      reply.raw.writeHead(200, { 'X-Own': 'yes' }).end('raw')
    })
    const answer = await browser.get('/hijack')
    expect([answer.body, answer.headers['x-own']]).toEqual(['raw', 'yes'])
    expect(answer.setCookies).toHaveLength(1)
  })

  it('A response written to reply.raw stores what changes before it closes', async () => {
    const site = await serveSite((request, reply) => {
      request.session.before = true
      reply.raw.write('raw')
      request.session.after = true
      reply.raw.end()
    })
    await site.browser.get('/start')
    const write = site.store.hold('compareAndSet')
    await site.browser.get('/hijack')
    await write.reached
    write.release()
    expect(JSON.parse((await site.browser.get('/read')).body)).toEqual({ started: true, before: true, after: true })
  })

  it('A login after the head of reply.raw is refused, because the cookie could not be set', async () => {
    let code: unknown
    const { browser, store } = await serveSite(async (request, reply) => {
      reply.raw.write('raw')
      const login = getSession(request).login('alice')
      await login.catch((error) => {
        code = error.code
      })
      reply.raw.end()
    })
    await browser.get('/hijack')
    expect([code, store.count()]).toEqual(['HEADERS_SENT', 0])
  })

  it('Data of a new session that is not stored before the head of reply.raw is reported by an event', async () => {
    const reported = createGate()
    const { browser, store } = await serveSite(
      (request, reply) => {
        request.session.views = 1
        reply.raw.end('raw')
      },
      { onEvent: ({ type }) => void (type === 'cookieSkipped' && reported.open()) }
    )
    const answer = await browser.get('/hijack')
    await reported.passed
    expect([answer.status, answer.setCookies, store.count('compareAndSet')]).toEqual([200, [], 0])
  })
})
