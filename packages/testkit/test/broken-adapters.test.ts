import { applyHeaders, isSessionError } from '@kvsession/core'
import { adapterCases } from '@kvsession/testkit'
import { describe, expect, it } from 'vitest'
import {
  type Answer,
  answerError,
  commitThenAnswer,
  createNodeHttpApp,
  type Exchange,
  facts,
  type NodeHttpOptions,
  sendAnswer
} from './node-http-app.ts'

/** Adapters with one mistake each. */
const broken: Readonly<Record<string, NodeHttpOptions>> = {
  'responds before it stores': {
    async answer(exchange: Exchange, answer: Answer) {
      const { manager, session, response } = exchange
      // The cookie of a new session cannot be sent before its record is stored.
      if (exchange.request.headers.cookie === undefined) return commitThenAnswer(exchange, answer)
      applyHeaders(manager.responseHeaders(session, facts(response)), response)
      await sendAnswer(exchange, answer)
      await manager.commit(session)
    }
  },
  'clears the cookie when the store is unavailable': {
    async answerError(exchange, response, error) {
      const unavailable = isSessionError(error) && error.status === 503
      if (unavailable) response.appendHeader('Set-Cookie', 'sid=; Max-Age=0; Path=/')
      await answerError(exchange, response, error)
    }
  },
  'keeps the headers of the response for errors': {
    answerError: (exchange, response, error) =>
      answerError(exchange, Object.assign(response, { removeHeader: () => response }), error)
  },
  'drops all headers for errors': {
    answerError: (_, response, error) => answerError(undefined, response, error)
  },
  'sends the cookie of the request with every response': {
    async answer(exchange, answer) {
      const { manager, session, request, response } = exchange
      const given = /(?:__Host-)?sid=[^;]+/.exec(request.headers.cookie ?? '')?.[0]
      if (given !== undefined) response.appendHeader('Set-Cookie', `${given}; Path=/; HttpOnly; SameSite=Lax`)
      applyHeaders((await manager.commit(session, facts(response, answer))).headers, response)
      await sendAnswer(exchange, answer)
      await manager.commit(session)
    }
  },
  'never sends no-store': {
    async answer(exchange, answer) {
      const { response } = exchange
      const previous = response.getHeader('cache-control')
      response.setHeader('cache-control', 'private')
      const { headers } = await exchange.manager.commit(exchange.session, facts(response, answer))
      applyHeaders(headers, response)
      if (previous === undefined) response.removeHeader('cache-control')
      else response.setHeader('cache-control', previous)
      await sendAnswer(exchange, answer)
      await exchange.manager.commit(exchange.session)
    }
  },
  'does not commit again when a stream ends': {
    async answer(exchange, answer) {
      const { headers } = await exchange.manager.commit(exchange.session, facts(exchange.response, answer))
      applyHeaders(headers, exchange.response)
      await sendAnswer(exchange, answer)
    }
  }
}

async function failedCases(options: NodeHttpOptions): Promise<string[]> {
  const cases = adapterCases({ createApp: (setup) => createNodeHttpApp(setup, options), caseTimeout: 3_000 })
  const titles = await Promise.all(
    cases.map(({ group, name, run }) =>
      run().then(
        () => [],
        () => [`${group}: ${name}`]
      )
    )
  )
  return titles.flat()
}

/** The cases that must fail for each adapter, in the order of the suite. */
const failures: Readonly<Record<string, readonly string[]>> = {
  'responds before it stores': [
    'cookie: a permanent session gets a Max-Age, and a later change of its lifetime is sent too',
    'commit: the response is not sent until the change of an existing session is stored: send',
    'commit: the response is not sent until the change of an existing session is stored: redirect',
    'commit: the response is not sent until the change of an existing session is stored: stream',
    'commit: the response is not sent until the change of an existing session is stored: empty',
    'commit: the response is not sent until the change of an existing session is stored: unchanged',
    'commit: a failed commit leaves the stored record and its cookie unchanged',
    'commit: unserializable or oversized data is a server error and leaves the stored record unchanged',
    'errors: a destroy without await that the store refuses fails a redirect sent immediately',
    'errors: a regenerate without await that the store refuses fails a redirect sent immediately',
    'errors: a destroy without await that the store refuses fails a redirect sent later',
    'errors: a regenerate without await that the store refuses fails a redirect sent later',
    'errors: an error response stays unchanged if its handler caught the failed save'
  ],
  'clears the cookie when the store is unavailable': [
    "commit: a failed commit is a server error without a cookie and without the handler's response: send",
    "commit: a failed commit is a server error without a cookie and without the handler's response: redirect",
    "commit: a failed commit is a server error without a cookie and without the handler's response: stream",
    "commit: a failed commit is a server error without a cookie and without the handler's response: empty",
    'commit: a failed commit leaves the stored record and its cookie unchanged',
    'errors: a login that the store refuses is a server error without a cookie, and the old session stays valid',
    'errors: a logout that the store refuses is a server error and keeps the cookie',
    'errors: a destroy without await that the store refuses fails a redirect sent immediately',
    'errors: a regenerate without await that the store refuses fails a redirect sent immediately',
    'errors: a destroy without await that the store refuses fails a redirect sent later',
    'errors: a regenerate without await that the store refuses fails a redirect sent later',
    'outage: a failed read is a 503, the handler does not run, and the user is still logged in afterwards',
    'outage: a read that never completes is a 503 after storeTimeout, and the user is still logged in afterwards',
    'outage: a write that never completes is a 503 after storeTimeout, without a cookie and without the response'
  ],
  'keeps the headers of the response for errors': [
    "commit: a failed commit is a server error without a cookie and without the handler's response: redirect",
    "errors: an error response after a failed commit carries no header that describes the handler's response",
    'errors: a destroy without await that the store refuses fails a redirect sent immediately',
    'errors: a regenerate without await that the store refuses fails a redirect sent immediately',
    'errors: a destroy without await that the store refuses fails a redirect sent later',
    'errors: a regenerate without await that the store refuses fails a redirect sent later'
  ],
  'drops all headers for errors': [
    'errors: a thrown error keeps its status, and the changes of its handler are stored',
    'errors: a new session is stored although its handler throws, and the error response carries its cookie',
    'errors: the error response after a login carries the new cookie with commitOnError: true',
    'errors: the error response after a login carries the new cookie with commitOnError: false',
    'errors: the error response after a regenerate carries the new cookie and forbids caching',
    'errors: the error response after a destroy clears the cookie',
    'errors: the error response after a login and a failed commit carries the new cookie',
    "caching: a response that used a user's session is private and must be revalidated, unless the handler sets Cache-Control"
  ],
  'sends the cookie of the request with every response': [
    'cookie: the first live cookie wins if several have the same name',
    'cookie: cookies without a valid token open no session, cost no store operation and stay unchanged',
    'visitors: a request that only reads costs one store read, writes nothing and sets no cookie',
    'visitors: a change costs one store read and one store write, and sets no new cookie',
    'visitors: an unreadable record gives a new, empty session on every request and stays in the store',
    'commit: the response is not sent until the change of an existing session is stored: send',
    'commit: the response is not sent until the change of an existing session is stored: redirect',
    'commit: the response is not sent until the change of an existing session is stored: stream',
    'commit: the response is not sent until the change of an existing session is stored: empty',
    'commit: the response is not sent until the change of an existing session is stored: unchanged',
    'commit: a failed commit leaves the stored record and its cookie unchanged',
    'errors: a destroy without await that the store refuses fails a redirect sent immediately',
    'errors: a regenerate without await that the store refuses fails a redirect sent immediately',
    'errors: a destroy without await that the store refuses fails a redirect sent later',
    'errors: a regenerate without await that the store refuses fails a redirect sent later',
    'errors: a handler that catches a refused logout keeps its own response',
    'errors: an error response stays unchanged if its handler caught the failed save',
    "outage: with onStoreUnavailable: 'anonymous', a visitor is served, keeps the cookie and is logged in again afterwards",
    'identity: the new cookie after a login keeps the data, and the old token grants no access',
    'identity: rotate keeps the old token valid until the new one is used, so a lost response does not log the user out',
    'identity: a token grants no access after a logout, even if it is replayed repeatedly',
    'identity: a late request with the old token neither replaces the cookie of a login nor changes its session',
    'identity: a late request that reads neither undoes a logout nor sets a cookie',
    'identity: a late request that writes neither undoes a logout nor sets a cookie',
    'identity: a late request from before a logout does not end a newer login'
  ],
  'never sends no-store': [
    'caching: a response that sends a token has no-store and Vary: first write, login, logout',
    "caching: a response that used a user's session is private and must be revalidated, unless the handler sets Cache-Control",
    "caching: the handler's own Cache-Control is tightened, with an event, if shared caches could store the session cookie"
  ],
  'does not commit again when a stream ends': [
    'streams: unsaved changes made after a stream has started are stored when the response ends'
  ]
}

describe('Broken adapters', () => {
  it('A correct adapter fails no case', async () => {
    expect(await failedCases({ answer: commitThenAnswer })).toEqual([])
  })
  for (const [name, options] of Object.entries(broken)) {
    it(`An adapter that ${name} fails exactly the expected cases`, async () => {
      expect(await failedCases(options)).toEqual(failures[name])
    })
  }
})
