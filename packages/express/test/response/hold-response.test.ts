import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { Readable } from 'node:stream'
import { createCookieJarClient, createGate } from '@kvsession/testkit'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { comparable, exchange } from '../support/raw-client.ts'
import { portOf, serveInTest } from '../support/server.ts'
import { chain, createSite, type Handler, type Site } from '../support/site.ts'

function request(method = 'GET', headers = ''): string {
  return `${method} /page HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n${headers}\r\n`
}

/** All kinds of responses whose bytes must be the same with and without the middleware. */
const answers: Readonly<Record<string, Handler>> = {
  'end with text': (_, res) => res.end('text'),
  'end with bytes': (_, res) => res.end(Buffer.from('bytes')),
  'end with an encoding': (_, res) => res.end('äö', 'latin1'),
  'end with a callback': (_, res) => res.end('text', () => undefined),
  'end with nothing': (_, res) => res.end(),
  'write and end': (_, res) => {
    res.write('one')
    res.write(Buffer.from('two'))
    res.write('c3a4', 'hex')
    res.end('four')
  },
  'writes far above the high-water mark': (_, res) => {
    for (let index = 0; index < 40; index++) res.write('x'.repeat(20_000))
    res.end()
  },
  'statusCode and statusMessage': (_, res) => {
    res.statusCode = 404
    res.statusMessage = 'Gone Fishing'
    res.end('none')
  },
  'writeHead with an object': (_, res) => res.writeHead(201, { 'X-A': '1', 'X-B': ['2', '3'] }).end('made'),
  'writeHead with a message and an object': (_, res) => res.writeHead(201, 'Made', { 'Content-Length': 4 }).end('made'),
  'writeHead with a flat list': (_, res) => res.writeHead(200, ['X-A', '1', 'X-A', '2', 'X-B', '3']).end('flat'),
  'writeHead alone': (_, res) => res.writeHead(202).end(),
  'setHeader and writeHead': (_, res) => {
    res.setHeader('X-A', 'old')
    res.setHeader('X-C', 'kept')
    res.writeHead(200, { 'X-A': 'new' })
    res.end('both')
  },
  'a cookie of its own': (_, res) => {
    res.setHeader('Set-Cookie', ['theme=dark', 'lang=fo'])
    res.end('cookies')
  },
  'cookies in writeHead': (_, res) => res.writeHead(200, { 'Set-Cookie': ['theme=dark', 'lang=fo'] }).end('cookies'),
  'cookies in writeHead behind a message': (_, res) =>
    res.writeHead(200, 'Fine', { 'Set-Cookie': ['theme=dark', 'lang=fo'] }).end('cookies'),
  'flushHeaders, then a body': (_, res) => {
    res.setHeader('Content-Type', 'text/event-stream')
    res.flushHeaders()
    res.write('data: 1\n\n')
    res.end()
  },
  trailers: (req, res) => {
    if (req.method === 'HEAD') return res.end()
    res.writeHead(200, { Trailer: 'X-Sum' })
    res.write('body')
    res.addTrailers({ 'X-Sum': '7' })
    return res.end()
  },
  'no content': (_, res) => res.writeHead(204).end(),
  'not modified': (_, res) => {
    res.statusCode = 304
    res.setHeader('ETag', '"1"')
    res.end()
  },
  'early hints, processing and continue': (_, res) => {
    res.writeContinue()
    res.writeProcessing()
    res.writeEarlyHints({ link: '</a.css>; rel=preload' })
    res.end('text')
  },
  'a second end': (_, res) => {
    res.on('error', (error) => expect(error).toHaveProperty('code', 'ERR_STREAM_WRITE_AFTER_END'))
    res.end('first')
    res.end('second')
  },
  'a second writeHead': (_, res) => {
    res.writeHead(200)
    expect(() => res.writeHead(500, { 'X-Late': '1' })).toThrow(
      expect.objectContaining({ code: 'ERR_HTTP_HEADERS_SENT' })
    )
    res.end('text')
  },
  'headers after the start': (_, res) => {
    res.write('text')
    const sent = expect.objectContaining({ code: 'ERR_HTTP_HEADERS_SENT' })
    expect(() => res.setHeader('X-Late', '1')).toThrow(sent)
    expect(() => res.appendHeader('X-Late', '1')).toThrow(sent)
    expect(() => res.removeHeader('X-Late')).toThrow(sent)
    res.statusCode = 500
    res.end()
  },
  'a pipe': (_, res) => Readable.from(['one', 'two', 'x'.repeat(100_000)]).pipe(res),
  'HTTP/1.0-style length': (_, res) => {
    res.setHeader('Content-Length', '4')
    res.write('te')
    res.end('xt')
  }
}

describe('A held response', () => {
  for (const method of ['GET', 'HEAD', 'POST']) {
    for (const [name, answer] of Object.entries(answers)) {
      it(`The bytes of the response are unchanged: ${name}, ${method}`, async () => {
        const site = createSite()
        const bare = await serveInTest((req, res) => Reflect.apply(answer, undefined, [req, res]))
        const held = await serveInTest(
          chain(site, (req, res) => {
            req.session.n = 1
            return answer(req, res)
          })
        )
        const bytes = request(method, method === 'POST' ? 'Content-Length: 0\r\n' : '')
        const answered = await exchange(held.url, bytes)
        expect(comparable(answered)).toBe(comparable(await exchange(bare.url, bytes)))
        expect(answered).toMatch(/^Set-Cookie: sid=/m)
        expect(await site.sessions()).toBe(1)
      })
    }
  }

  it('The bytes of the response are unchanged for a session that was only read, and for an unused session', async () => {
    for (const [name, answer] of Object.entries(answers)) {
      const site = createSite()
      const bare = await serveInTest((req, res) => Reflect.apply(answer, undefined, [req, res]))
      const reading = await serveInTest(
        chain(site, (req, res) => {
          expect(req.session.n).toBe(undefined)
          return answer(req, res)
        })
      )
      const expected = comparable(await exchange(bare.url, request()))
      expect(comparable(await exchange(reading.url, request())), name).toBe(expected)
      const untouched = await serveInTest(chain(site, answer))
      for (const cookie of ['', 'Cookie: a=b\r\n']) {
        // As in Node, headers after the start throw.
        expect(comparable(await exchange(untouched.url, request('GET', cookie))), name).toBe(expected)
      }
    }
  })

  it('Nothing is sent until the record is stored, and callbacks run after that', async () => {
    const site = createSite()
    const order: string[] = []
    const { url } = await serveInTest(
      chain(site, (req, res) => {
        req.session.n = 1
        res.write('a', () => order.push('written'))
        res.end('b', () => order.push('ended'))
      })
    )
    const write = site.store.hold('compareAndSet')
    const answer = createCookieJarClient(url)
      .get('/')
      .then((got) => {
        order.push('received')
        return got
      })
    await write.reached
    order.push('stored')
    write.release()
    expect((await answer).body).toBe('ab')
    expect(order[0]).toBe('stored')
    expect(order.slice(1).sort()).toEqual(['ended', 'received', 'written'])
  })

  it('A held response looks started to its handler, but not started after a failed commit', async () => {
    const site = createSite()
    const seen: boolean[] = []
    const { url } = await serveInTest((req, res) => {
      site.middleware(req, res, (error?: unknown) => {
        seen.push(res.headersSent)
        if (error) {
          res.end('sorry')
          return
        }
        Reflect.set(req, 'session', { n: 1 })
        res.write('never seen')
        seen.push(res.headersSent)
      })
    })
    site.store.fail('compareAndSet')
    const { body, status } = await createCookieJarClient(url).get('/')
    expect(seen).toEqual([false, true, false])
    expect({ body, status }).toEqual({ body: 'sorry', status: 503 })
  })

  it('A held response keeps back-pressure: write returns false, a pipe queues one chunk, drain follows the commit', async () => {
    const site = createSite()
    let taken = 0
    async function* chunks(): AsyncGenerator<string> {
      for (; taken < 200; taken++) yield 'x'.repeat(1_000)
    }
    const write = site.store.hold('compareAndSet')
    const { url } = await serveInTest(
      chain(site, (req, res) => {
        req.session.n = 1
        Readable.from(chunks(), { highWaterMark: 1 }).pipe(res)
      })
    )
    const answer = createCookieJarClient(url).get('/')
    await write.reached
    // Without back-pressure the source would end within these turns.
    for (let turn = 0; turn < 500; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(taken).toBeLessThan(5)
    write.release()
    expect((await answer).body.length).toBe(200_000)
  })

  it('A handler that writes without end fails its response, frees its queue, and keeps its data', async () => {
    const site = createSite()
    const megabyte = Buffer.alloc(1024 * 1024)
    const errors: unknown[] = []
    const write = site.store.hold('compareAndSet')
    const { url } = await serveInTest(
      chain(site, (req, res) => {
        req.session.n = 1
        for (let index = 0; index < 20; index++) res.write(megabyte, (error) => errors.push(error))
        res.end(() => undefined)
      })
    )
    const answer = exchange(url, request())
    await write.reached
    await new Promise((resolve) => setImmediate(resolve))
    // Reported before the store has responded: nothing is queued any more.
    expect(errors).toEqual(Array(20).fill(expect.objectContaining({ code: 'RESPONSE_OVERFLOW' })))
    write.release()
    expect(await answer).toMatch(/^HTTP\/1.1 500 .*^Set-Cookie: sid=.*error RESPONSE_OVERFLOW/ms)
    expect(await site.sessions()).toBe(1)
  })

  // Regression: each response could hold 16 MiB, without a limit for all responses.
  it('All responses together hold at most 64 MiB, and sent or dropped chunks are released', async () => {
    const site = createSite()
    const megabyte = Buffer.alloc(1024 * 1024, 'x')
    const { url } = await serveInTest(
      chain(site, (req, res) => {
        req.session.n = 1
        if (req.url === '/whole') {
          res.end(megabyte)
          return
        }
        for (let index = 0; index < 15; index++) res.write(megabyte)
        res.end()
      })
    )
    for (let round = 0; round < 3; round++) {
      const answers: Promise<string>[] = []
      const writes: { release(): void }[] = []
      for (const path of [...Array<string>(5).fill('/pieces'), '/whole']) {
        const write = site.store.hold('compareAndSet')
        writes.push(write)
        answers.push(
          createCookieJarClient(url)
            .get(path)
            .then(({ status, headers, body }) => `${status} ${headers['x-error'] ?? body.length / megabyte.length}`)
        )
        await write.reached
      }
      await new Promise((resolve) => setImmediate(resolve))
      for (const write of writes) write.release()
      expect(await Promise.all(answers)).toEqual([...Array(4).fill('200 15'), '500 RESPONSE_OVERFLOW', '200 1'])
    }
    expect(await site.sessions()).toBe(18)
  })

  it('A held response accepts one chunk of any size, and 16 MiB in several chunks', async () => {
    const site = createSite()
    const sent = 16 * 1024 * 1024
    const { url } = await serveInTest(
      chain(site, (req, res) => {
        req.session.n = 1
        if (req.url === '/pieces') for (let index = 0; index < 16; index++) res.write(Buffer.alloc(sent / 16, 'x'))
        else res.write(Buffer.alloc(sent + 1, 'x'))
        res.end('!')
      })
    )
    const browser = createCookieJarClient(url)
    expect((await browser.get('/pieces')).body.length).toBe(sent + 1)
    expect((await browser.get('/chunk')).body.length).toBe(sent + 2)
  })

  it.each([
    ['a changed session', true],
    ['an unused session', false]
  ])('Flushed headers are sent before the body, with %s', async (_, changes) => {
    const site = createSite()
    const gate = createGate()
    const { url } = await serveInTest(
      chain(site, async (req, res) => {
        if (changes) req.session.n = 1
        res.flushHeaders()
        await gate.passed
        res.end('text')
      })
    )
    const answer = await createCookieJarClient(url).open('/')
    expect(answer.setCookies).toHaveLength(changes ? 1 : 0)
    gate.open()
    expect(await answer.read()).toBe('text')
  })

  it('Changes made during the first commit are stored before the response ends', async () => {
    const site = createSite()
    const gate = createGate()
    const { url } = await serveInTest(
      chain(site, async (req, res) => {
        if (req.url === '/read') return res.end(JSON.stringify(req.session))
        req.session.n = 1
        res.write('one')
        await gate.passed
        req.session.name = 'late'
        return res.end('two')
      })
    )
    const browser = createCookieJarClient(url)
    const first = site.store.hold('compareAndSet')
    let arrived = false
    const answer = browser.get('/').then((got) => {
      arrived = true
      return got
    })
    await first.reached
    gate.open()
    await gate.passed
    const second = site.store.hold('compareAndSet')
    first.release()
    await second.reached
    await createCookieJarClient(url).get('/read')
    expect(arrived).toBe(false)
    second.release()
    expect((await answer).body).toBe('onetwo')
    expect((await browser.get('/read')).body).toBe('{"n":1,"name":"late"}')
  })

  it('A bare writeHead may be repeated, as some middlewares do', async () => {
    const { url } = await serveInTest(
      chain(createSite(), (req, res) => {
        req.session.n = 1
        res.writeHead(201)
        res.writeHead(500)
        res.end('made')
      })
    )
    const { status, body } = await createCookieJarClient(url).get('/')
    expect([status, body]).toEqual([201, 'made'])
  })

  it('Calls of a middleware that wraps the response are dropped once the commit has failed', async () => {
    const site = createSite()
    const { url } = await serveInTest((req, res) => {
      site.middleware(req, res, (error?: unknown) => {
        if (error) return
        const { writeHead, flushHeaders, write } = res
        Reflect.set(req, 'session', { n: 1 })
        res.write('the page', () => {
          Reflect.apply(writeHead, res, [200, { 'X-A': '1' }])
          Reflect.apply(flushHeaders, res, [])
          Reflect.apply(write, res, ['more'])
          res.statusCode = 409
          res.setHeader('X-B', '2')
          res.end('sorry')
        })
      })
    })
    site.store.fail('compareAndSet')
    const { status, body, headers } = await createCookieJarClient(url).get('/')
    expect([status, body, headers['x-a'], headers['x-b']]).toEqual([409, 'sorry', undefined, '2'])
  })

  it('req.session is undefined once it was set to null and the response was sent', async () => {
    const finished = createGate()
    let shown = ''
    const { url } = await serveInTest(
      chain(createSite(), (req, res) => {
        if (req.url === '/start') {
          req.session.n = 1
          return res.end()
        }
        Reflect.set(req, 'session', null)
        res.on('finish', () => {
          shown = typeof req.session
          finished.open()
        })
        return res.end()
      })
    )
    const browser = createCookieJarClient(url)
    await browser.get('/start')
    await browser.get('/end')
    await finished.passed
    expect(shown).toBe('undefined')
  })

  it('Changes made right after the response ends are included', async () => {
    const site = createSite()
    const { url } = await serveInTest(
      chain(site, (req, res) => {
        res.end(String(req.session.n))
        req.session.n = 7
      })
    )
    const browser = createCookieJarClient(url)
    await browser.get('/')
    expect((await browser.get('/')).body).toBe('7')
    expect(site.store.count('compareAndSet')).toBe(1)
  })

  it('With commitOnError: false, a status of 500 or above stores nothing', async () => {
    const site = createSite({ commitOnError: false })
    const { url } = await serveInTest(
      chain(site, (req, res) => {
        req.session.n = 1
        res.statusCode = Number(req.url?.slice(1))
        res.end()
      })
    )
    for (const [status, sessions] of [
      [500, 0],
      [499, 1],
      [503, 1]
    ]) {
      await createCookieJarClient(url).get(`/${status}`)
      expect(await site.sessions()).toBe(sessions)
    }
  })

  it('A store failure drops the response with its headers and cookie, but keeps CORS headers', async () => {
    const site = createSite()
    const { url } = await serveInTest(
      chain(site, (req, res) => {
        req.session.n = 1
        res.setHeader('Access-Control-Allow-Origin', '*')
        res.setHeader('Location', '/secret')
        res.writeHead(302, 'Handled', { ETag: '"secret"', 'Content-Length': '6' })
        res.write('secret')
        res.end('secret')
      })
    )
    site.store.fail('compareAndSet')
    const answer = await exchange(url, request())
    expect(answer).toMatch(/^HTTP\/1.1 503 Service Unavailable\r\n/)
    expect(answer).toMatch(/error STORE_UNAVAILABLE/)
    expect(answer).toMatch(/Access-Control-Allow-Origin: \*/)
    expect(answer).not.toMatch(/secret|Set-Cookie|Handled/)
  })

  it('Callbacks of dropped writes receive the error', async () => {
    const site = createSite()
    const errors: unknown[] = []
    const { url } = await serveInTest(
      chain(site, (req, res) => {
        req.session.n = 1
        res.write('a', (error) => errors.push(error))
        res.end((error?: Error | null) => errors.push(error))
      })
    )
    site.store.fail('compareAndSet')
    await createCookieJarClient(url).get('/')
    expect(errors).toEqual(Array(2).fill(expect.objectContaining({ code: 'STORE_UNAVAILABLE' })))
  })

  it('Output of an abandoned handler does not appear in the error response', async () => {
    const site = createSite()
    const failed = createGate()
    const { url } = await serveInTest((req, res) => {
      site.middleware(req, res, (error?: unknown) => {
        if (error) {
          failed.open()
          // A slow error handler.
          setImmediate(() => {
            res.setHeader('Content-Type', 'text/plain')
            res.end('sorry')
          })
          return
        }
        Reflect.set(req, 'session', { n: 1 })
        res.write('early')
        void failed.passed.then(() => res.write('late'))
      })
    })
    site.store.fail('compareAndSet')
    const { body, status } = await createCookieJarClient(url).get('/')
    expect({ body, status }).toEqual({ body: 'sorry', status: 503 })
  })

  it.each([
    ['next() takes no error', (handle: () => void) => () => handle()],
    [
      'next() throws',
      (handle: () => void) => (error?: unknown) => {
        if (error) throw error
        handle()
      }
    ],
    [
      'an abandoned handler ends first',
      (handle: () => void, end: () => void) => (error?: unknown) => {
        if (error) setImmediate(end)
        else handle()
      }
    ]
  ])('The default error response is sent if %s', async (_, nextOf) => {
    const site = createSite()
    let runs = 0
    const { url } = await serveInTest((req, res) => {
      const handle = (): void => {
        runs++
        Reflect.set(req, 'session', { n: 1 })
        res.end('the page')
      }
      site.middleware(
        req,
        res,
        nextOf(handle, () => res.end('the page'))
      )
    })
    site.store.fail('compareAndSet')
    const { body, status } = await createCookieJarClient(url).get('/')
    expect({ body, status, runs }).toEqual({ body: 'Service Unavailable\n', status: 503, runs: 1 })
  })

  it('An error that Node throws for a call is passed on', async () => {
    const site = createSite()
    const { url } = await serveInTest(
      chain(site, (req, res) => {
        req.session.n = 1
        Reflect.apply(res.end, res, [123])
      })
    )
    const answer = await createCookieJarClient(url).get('/')
    expect(answer.status).toBe(500)
    expect(answer.headers['x-error']).toBe('ERR_INVALID_ARG_TYPE')
    // The record was stored before, so its cookie is sent.
    expect(answer.setCookies).toHaveLength(1)
  })

  it('An invalid header throws immediately in the handler', async () => {
    const site = createSite()
    const { url } = await serveInTest(
      chain(site, (req, res) => {
        req.session.n = 1
        expect(() => res.writeHead(200, { 'X-A': 'a\nb' })).toThrow(
          expect.objectContaining({ code: 'ERR_INVALID_CHAR' })
        )
        res.end('ok')
      })
    )
    expect((await createCookieJarClient(url).get('/')).body).toBe('ok')
  })
})

describe('A change after the response has started', () => {
  async function stream(site: Site, change: Handler): Promise<{ url: string; resume: () => void }> {
    const gate = createGate()
    const { url } = await serveInTest(
      chain(site, async (req, res) => {
        if (req.url === '/read') return res.end(JSON.stringify(req.session))
        if (req.url === '/start') {
          req.session.name = 'there'
          return res.end()
        }
        const kept = req.session
        expect(kept.n).toBe(undefined)
        res.write('one')
        await gate.passed
        await change(req, res)
        return undefined
      })
    )
    return { url, resume: gate.open }
  }

  it('A late change is stored before the response ends', async () => {
    const site = createSite()
    const { url, resume } = await stream(site, (req, res) => {
      req.session.n = 2
      res.end('two')
    })
    const browser = createCookieJarClient(url)
    await browser.get('/start')
    const answer = await browser.open('/stream')
    expect(await answer.read()).toBe('one')
    resume()
    expect(await answer.read()).toBe('two')
    expect((await browser.get('/read')).body).toBe('{"name":"there","n":2}')
  })

  it('A late change is stored if the client disconnects and the handler never ends the response', async () => {
    const site = createSite()
    const left = createGate()
    const { url, resume } = await stream(site, (req, res) => {
      req.session.n = 2
      res.on('close', left.open)
    })
    const browser = createCookieJarClient(url)
    await browser.get('/start')
    const answer = await browser.open('/stream')
    expect(await answer.read()).toBe('one')
    resume()
    const write = site.store.hold('compareAndSet')
    answer.abort()
    await left.passed
    await write.reached
    write.release()
    await vi.waitFor(async () => expect((await browser.get('/read')).body).toBe('{"name":"there","n":2}'))
  })

  it('A late change is stored if the client has already disconnected', async () => {
    const site = createSite()
    const { url, resume } = await stream(site, (req, res) => {
      res.on('close', () =>
        setImmediate(() => {
          req.session.n = 2
        })
      )
    })
    const browser = createCookieJarClient(url)
    await browser.get('/start')
    const answer = await browser.open('/stream')
    expect(await answer.read()).toBe('one')
    resume()
    const write = site.store.hold('compareAndSet')
    answer.abort()
    await write.reached
    write.release()
    await vi.waitFor(async () => expect((await browser.get('/read')).body).toBe('{"name":"there","n":2}'))
  })

  it('A late change of a new session raises an event, and the response ends normally', async () => {
    const site = createSite()
    const { url, resume } = await stream(site, (req, res) => {
      req.session.n = 2
      res.end('two')
    })
    const answer = await createCookieJarClient(url).open('/stream')
    expect(await answer.read()).toBe('one')
    resume()
    expect(await answer.read()).toBe('two')
    expect(await answer.read()).toBe(undefined)
    expect(site.events).toContainEqual(expect.objectContaining({ type: 'cookieSkipped', reason: 'headers-sent' }))
    expect(await site.sessions()).toBe(0)
  })

  it('A late change of an unused new session raises an event too', async () => {
    const site = createSite()
    const gate = createGate()
    const { url } = await serveInTest(
      chain(site, async (req, res) => {
        res.write('one')
        await gate.passed
        req.session.n = 2
        res.end('two')
      })
    )
    const answer = await createCookieJarClient(url).open('/')
    expect(await answer.read()).toBe('one')
    gate.open()
    expect(await answer.read()).toBe('two')
    expect(site.events).toContainEqual(expect.objectContaining({ type: 'cookieSkipped', reason: 'headers-sent' }))
  })

  it('A late change that cannot be stored aborts the response and reaches the error handling', async () => {
    const site = createSite()
    const { url, resume } = await stream(site, (req, res) => {
      req.session.n = 2
      site.store.fail('compareAndSet')
      res.end('two')
    })
    const browser = createCookieJarClient(url)
    await browser.get('/start')
    const answer = await browser.open('/stream')
    expect(await answer.read()).toBe('one')
    resume()
    await expect(answer.read()).rejects.toThrow()
  })

  it('A change after the end is stored for an existing session and raises an event for a new one', async () => {
    const site = createSite()
    const { url } = await serveInTest(
      chain(site, (req, res) => {
        if (req.url === '/read') return res.end(JSON.stringify(req.session))
        if (req.url === '/start') req.session.name = 'there'
        res.on('finish', () => {
          if (req.url !== '/start') req.session.n = 3
        })
        return res.end()
      })
    )
    const browser = createCookieJarClient(url)
    await browser.get('/start')
    const write = site.store.hold('compareAndSet')
    await browser.get('/late')
    await write.reached
    write.release()
    await vi.waitFor(async () => expect((await browser.get('/read')).body).toBe('{"name":"there","n":3}'))
    await createCookieJarClient(url).get('/late')
    await vi.waitFor(() =>
      expect(site.events).toContainEqual(expect.objectContaining({ type: 'cookieSkipped', reason: 'headers-sent' }))
    )
  })
})

describe('http/2', () => {
  for (const [name, answer] of Object.entries<Handler>({
    'end with text': (_, res) => res.end('text'),
    'write and end': (_, res) => {
      res.write('te')
      res.end('xt')
    },
    'writeHead with an object': (_, res) => res.writeHead(200, { 'x-a': '1' }).end('text'),
    'flushHeaders, then a body': (_, res) => {
      res.flushHeaders()
      res.end('text')
    },
    'a pipe': (_, res) => Readable.from(['te', 'xt']).pipe(res)
  })) {
    it(`An http/2 response is not sent until the record is stored: ${name}`, async () => {
      const site = createSite()
      const server = createHttp2Server((req, res) => {
        site.middleware(req, res, () => {
          Reflect.set(req, 'session', { n: 1 })
          Reflect.apply(answer, undefined, [req, res])
        })
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const client = connectHttp2(`http://127.0.0.1:${portOf(server.address())}`)
      onTestFinished(() => {
        client.destroy()
        server.close()
      })
      const write = site.store.hold('compareAndSet')
      const stream = client.request({ ':path': '/' })
      const order: string[] = []
      let body = ''
      stream.on('response', (headers) => {
        order.push('answered')
        expect(headers['set-cookie']).toEqual([expect.stringMatching(/^sid=/)])
      })
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk
      })
      await write.reached
      order.push('stored')
      write.release()
      await new Promise((resolve) => stream.on('end', resolve))
      expect(order).toEqual(['stored', 'answered'])
      expect(body).toBe('text')
    })
  }
})
