import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createCookieJarClient, createGate } from '@kvsession/testkit'
import { describe, expect, it } from 'vitest'
import { reportLate } from '../../src/response/error-response.ts'
import { serveInTest } from '../support/server.ts'
import { chain, createSite, type Site } from '../support/site.ts'

/** Every commit fails. `answer` is the application's error handling. */
async function serveFailing(answer: (res: ServerResponse) => unknown): Promise<string> {
  const site = createSite()
  const { url } = await serveInTest((req, res) => {
    site.middleware(req, res, (error?: unknown) => {
      if (error) {
        answer(res)
        return
      }
      Reflect.set(req, 'session', { n: 1 })
      res.end('the page')
    })
  })
  site.store.fail('compareAndSet')
  return url
}

describe("The application's response to an error of the commit", () => {
  it.each<[string, (res: ServerResponse) => unknown]>([
    [
      'write and end',
      (res) => {
        expect(res.write('sor')).toBe(true)
        res.end('ry')
      }
    ],
    [
      'headers, one of them appended, and end',
      (res) => {
        res.setHeader('X-A', '1')
        res.appendHeader('X-A', '2')
        res.removeHeader('X-B')
        res.end('sorry')
      }
    ],
    [
      'flushHeaders',
      (res) => {
        res.flushHeaders()
        expect(res.headersSent).toBe(true)
        res.end('sorry')
      }
    ],
    ['writeHead', (res) => res.writeHead(503, { 'X-A': '1' }).end('sorry')],
    ['writeHead, some time later', (res) => setImmediate(() => res.writeHead(503, { 'X-A': '1' }).end('sorry'))]
  ])('The error response may start with %s', async (_, answer) => {
    const { status, body, setCookies } = await createCookieJarClient(await serveFailing(answer)).get('/')
    expect([status, body, setCookies]).toEqual([503, 'sorry', []])
  })

  it('The error response does not begin with output that an abandoned handler flushes', async () => {
    const site = createSite()
    const failed = createGate()
    const { url } = await serveInTest((req, res) => {
      site.middleware(req, res, (error?: unknown) => {
        if (error) {
          failed.open()
          setImmediate(() => {
            expect(res.headersSent).toBe(false)
            res.setHeader('X-Late', 'yes')
            res.end('sorry')
          })
          return
        }
        Reflect.set(req, 'session', { n: 1 })
        res.write('early')
        void failed.passed.then(() => res.flushHeaders())
      })
    })
    site.store.fail('compareAndSet')
    const { headers, body } = await createCookieJarClient(url).get('/')
    expect([headers['x-late'], body]).toEqual(['yes', 'sorry'])
  })
})

describe('The default response to an error of the commit', () => {
  async function answerOf(site: Site, data: object): Promise<unknown> {
    const { url } = await serveInTest((req, res) => {
      const handle = (): void => {
        Reflect.set(req, 'session', data)
        res.end('the page')
      }
      site.middleware(req, res, () => handle())
    })
    const { status, body, headers } = await createCookieJarClient(url).get('/')
    return [status, body, headers['content-type']]
  }

  it('The default error response is its status text: 503 for a store failure, 500 for any other error', async () => {
    const site = createSite()
    expect(await answerOf(site, { n: () => 'no data' })).toEqual([
      500,
      'Internal Server Error\n',
      'text/plain; charset=utf-8'
    ])
    site.store.fail('compareAndSet')
    expect(await answerOf(site, { n: 1 })).toEqual([503, 'Service Unavailable\n', 'text/plain; charset=utf-8'])
  })
})

describe('An error after the response', () => {
  it('An error after the response becomes a process warning', async () => {
    const site = createSite()
    const { url } = await serveInTest(
      chain(site, (req, res) => {
        if (req.url === '/start') req.session.n = 1
        res.on('finish', () => {
          if (req.url === '/start') return
          site.store.fail('compareAndSet')
          req.session.n = 2
        })
        res.end()
      })
    )
    const browser = createCookieJarClient(url)
    await browser.get('/start')
    const warned = once(process, 'warning')
    await browser.get('/late')
    expect(await warned).toEqual([expect.objectContaining({ code: 'STORE_UNAVAILABLE' })])
  })

  it('A value that is not an Error becomes a process warning too', async () => {
    const warned = once(process, 'warning')
    reportLate('a string')
    expect(await warned).toEqual([expect.objectContaining({ message: 'a string' })])
  })
})

describe('A held response', () => {
  it('Methods of a held response cannot be called on another object', async () => {
    const { url } = await serveInTest(
      chain(createSite(), (_, res) => {
        expect(() => Reflect.apply(res.write, {}, ['text'])).toThrow('called on another object')
        res.end('ok')
      })
    )
    expect((await createCookieJarClient(url).get('/')).body).toBe('ok')
  })

  it('Errors of a held response name frozen headers and the remedy for an overflow', async () => {
    const errors: unknown[] = []
    let refused: unknown
    const { url } = await serveInTest(
      chain(createSite(), (req, res) => {
        req.session.n = 1
        for (const chunk of [Buffer.alloc(16 * 1024 * 1024), 'one more'])
          res.write(chunk, (error) => errors.push(error))
        try {
          res.setHeader('X-A', '1')
        } catch (error) {
          refused = error
        }
        res.end()
      })
    )
    expect((await createCookieJarClient(url).get('/')).status).toBe(500)
    expect(refused).toMatchObject({ message: expect.stringContaining('The response has started') })
    expect(errors).toEqual(Array(2).fill(expect.objectContaining({ message: expect.stringContaining('16 MiB') })))
  })
})
