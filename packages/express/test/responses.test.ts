import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { type CookieJarClient, createCookieJarClient } from '@kvsession/testkit'
import compression from 'compression'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Framework, frameworks, quiet, type RequestHandler } from './support/frameworks.ts'
import { serveInTest } from './support/server.ts'
import { createSite, type Site } from './support/site.ts'

quiet()

let folder: string
let file: string
const content = 'the quick brown fox jumps over the lazy dog\n'.repeat(20_000)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kvsession-express-'))
  file = join(folder, 'page.txt')
  await writeFile(file, content)
  await writeFile(join(folder, 'view.page'), 'rendered')
})

afterAll(() => rm(folder, { recursive: true, force: true }))

type Answer = (...args: Parameters<RequestHandler>) => unknown

describe.each(frameworks)('Responses of $name', (framework: Framework) => {
  async function serve(
    answer: Answer,
    middlewares: (site: Site) => readonly RequestHandler[] = (site) => [site.middleware]
  ): Promise<{ site: Site; url: string; browser: CookieJarClient }> {
    const site = createSite()
    const app = framework.createApp(middlewares(site), (routes) => {
      routes.engine('page', (path, _options, done) => done(null, `<p>${path.endsWith('view.page')}</p>`))
      routes.set('views', folder)
      routes.use((req, res, next) => {
        if (req.path === '/read') return void res.json(req.session)
        if (req.query.read === undefined) req.session.n = 1
        return answer(req, res, next)
      })
    })
    const { url } = await serveInTest(app)
    return { site, url, browser: createCookieJarClient(url) }
  }

  const answers: Readonly<Record<string, { answer: Answer; status: number; body: string }>> = {
    send: { answer: (_req, res) => res.send('text'), status: 200, body: 'text' },
    json: { answer: (_req, res) => res.json({ a: 1 }), status: 200, body: '{"a":1}' },
    redirect: { answer: (_req, res) => res.redirect('/read'), status: 302, body: 'Found. Redirecting to /read' },
    sendStatus: { answer: (_req, res) => res.sendStatus(201), status: 201, body: 'Created' },
    'no content': { answer: (_req, res) => res.status(204).end(), status: 204, body: '' },
    sendFile: { answer: (_req, res) => res.sendFile(file), status: 200, body: content },
    download: { answer: (_req, res) => res.download(file), status: 200, body: content },
    render: { answer: (_req, res) => res.render('view.page'), status: 200, body: '<p>true</p>' },
    pipe: { answer: (_req, res) => Readable.from([content, content]).pipe(res), status: 200, body: content + content },
    'an error': {
      answer: (_req, _res, next) => next(Object.assign(new Error('no'), { status: 409 })),
      status: 409,
      body: ''
    },
    'a thrown error': {
      answer: () => {
        throw new Error('no')
      },
      status: 500,
      body: ''
    },
    'no route': { answer: (_req, _res, next) => next(), status: 404, body: '' }
  }

  it.each(Object.entries(answers))('The response waits for the store: %s', async (_name, { answer, status, body }) => {
    const { site, browser } = await serve(answer)
    const write = site.store.hold('compareAndSet')
    let arrived = false
    const pending = browser.get('/page').then((got) => {
      arrived = true
      return got
    })
    await write.reached
    await browser.get('/read')
    expect(arrived).toBe(false)
    write.release()
    const got = await pending
    expect(got.status).toBe(status)
    if (body !== '') expect(got.body).toBe(body)
    expect(got.setCookies).toHaveLength(1)
    expect(got.headers['cache-control']).toMatch(/no-store/)
    expect((await browser.get('/read')).body).toBe('{"n":1}')
  })

  it('A conditional request gets a 304 with the cookie', async () => {
    const { browser } = await serve((_req, res) => res.sendFile(file))
    const { headers } = await browser.get('/page')
    browser.jar.clear()
    const again = await browser.get('/page', { headers: { 'if-none-match': headers.etag ?? '' } })
    expect(again).toMatchObject({ status: 304, body: '' })
    expect(again.setCookies).toHaveLength(1)
  })

  it('A file is private only if the response carries the cookie', async () => {
    const { browser } = await serve((_req, res) => res.sendFile(file))
    expect((await browser.get('/page')).headers['cache-control']).toBe('no-store')
    expect((await browser.get('/page?read')).headers['cache-control']).toBe('public, max-age=0')
  })

  describe.each([
    ['before', (site: Site): RequestHandler[] => [compression(), site.middleware]],
    ['after', (site: Site): RequestHandler[] => [site.middleware, compression()]],
    ['before and after', (site: Site): RequestHandler[] => [compression(), site.middleware, compression()]]
  ])('Compression mounted %s the session', (_position, middlewares) => {
    const bodies: Readonly<Record<string, Answer>> = {
      send: (_req, res) => res.send(content),
      sendFile: (_req, res) => res.sendFile(file),
      'a pipe of many chunks': (_req, res) => {
        res.type('text')
        Readable.from(content.match(/.{1,999}/gs) ?? [], { highWaterMark: 2 }).pipe(res)
      },
      'writes without regard to back-pressure': (_req, res) => {
        res.type('text')
        for (const chunk of content.match(/.{1,9999}/gs) ?? []) res.write(chunk)
        res.end()
      },
      'writeHead and end': (_req, res) => res.writeHead(200, { 'Content-Type': 'text/plain' }).end(content)
    }

    it.each(Object.entries(bodies))(
      'A compressed response is complete and sent after the commit: %s',
      async (_name, answer) => {
        const { site, url } = await serve(answer, middlewares)
        const write = site.store.hold('compareAndSet')
        const pending = fetchRaw(`${url}/page`)
        await write.reached
        write.release()
        const { encoding, bytes, cookies } = await pending
        expect(encoding).toBe('gzip')
        expect(cookies).toBe(1)
        expect(gunzipSync(bytes).toString()).toBe(content)
      }
    )

    it('A compressed response becomes only the error if the store fails', async () => {
      for (const answer of Object.values(bodies)) {
        const { site, browser } = await serve(answer, middlewares)
        site.store.fail('compareAndSet')
        const { status, body, setCookies } = await browser.get('/page', { headers: { 'accept-encoding': 'gzip' } })
        expect(status).toBe(503)
        expect(body).toMatch(/Service Unavailable|STORE_UNAVAILABLE/)
        expect(setCookies).toEqual([])
      }
    })
  })
})

interface RawAnswer {
  readonly encoding: string | undefined
  readonly cookies: number
  readonly bytes: Buffer
}

function fetchRaw(url: string): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, headers: { 'accept-encoding': 'gzip' } }, async (message) => {
      const { 'content-encoding': encoding, 'set-cookie': cookies = [] } = message.headers
      const chunks: Buffer[] = []
      for await (const chunk of message) chunks.push(chunk)
      resolve({ encoding, cookies: cookies.length, bytes: Buffer.concat(chunks) })
    })
    request.on('error', reject)
  })
}
