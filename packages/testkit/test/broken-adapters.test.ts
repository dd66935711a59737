import { applyHeaders, isSessionError } from '@kvsession/core'
import { adapterCases } from '@kvsession/testkit'
import { describe, expect, it } from 'vitest'
import {
  type Answer,
  answerError,
  commitThenAnswer,
  createNodeHttpApp,
  facts,
  type NodeHttpOptions,
  sendAnswer,
  type Turn
} from './node-http-app.ts'

/** Adapters that get one thing wrong, beside the right one that they were made from. */
const broken: Readonly<Record<string, NodeHttpOptions>> = {
  'answers first and stores then': {
    async answer(turn: Turn, answer: Answer) {
      const { manager, session, response } = turn
      // A new session needs its cookie, and a cookie its record.
      if (turn.request.headers.cookie === undefined) return commitThenAnswer(turn, answer)
      applyHeaders(manager.responseHeaders(session, facts(response)), response)
      await sendAnswer(turn, answer)
      await manager.commit(session)
    }
  },
  'clears the cookie when the store fails': {
    async answerError(turn, response, error) {
      const unavailable = isSessionError(error) && error.status === 503
      if (unavailable) response.appendHeader('Set-Cookie', 'sid=; Max-Age=0; Path=/')
      await answerError(turn, response, error)
    }
  },
  'keeps the headers of the response on errors': {
    answerError: (turn, response, error) =>
      answerError(turn, Object.assign(response, { removeHeader: () => response }), error)
  },
  'drops headers on errors': {
    answerError: (_, response, error) => answerError(undefined, response, error)
  },
  'sends the cookie it was given with every answer': {
    async answer(turn, answer) {
      const { manager, session, request, response } = turn
      const given = /(?:__Host-)?sid=[^;]+/.exec(request.headers.cookie ?? '')?.[0]
      if (given !== undefined) response.appendHeader('Set-Cookie', `${given}; Path=/; HttpOnly; SameSite=Lax`)
      applyHeaders((await manager.commit(session, facts(response, answer))).headers, response)
      await sendAnswer(turn, answer)
      await manager.commit(session)
    }
  },
  'never says no-store': {
    async answer(turn, answer) {
      const { response } = turn
      const was = response.getHeader('cache-control')
      response.setHeader('cache-control', 'private')
      const { headers } = await turn.manager.commit(turn.session, facts(response, answer))
      applyHeaders(headers, response)
      if (was === undefined) response.removeHeader('cache-control')
      else response.setHeader('cache-control', was)
      await sendAnswer(turn, answer)
      await turn.manager.commit(turn.session)
    }
  },
  'does not look at the session again when a stream ends': {
    async answer(turn, answer) {
      const { headers } = await turn.manager.commit(turn.session, facts(turn.response, answer))
      applyHeaders(headers, turn.response)
      await sendAnswer(turn, answer)
    }
  }
}

async function failing(options: NodeHttpOptions): Promise<string[]> {
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

/** Per adapter the cases that must fail, in the order of the suite. */
const failures: Readonly<Record<string, readonly string[]>> = {
  'answers first and stores then': [
    'cookie: a permanent session gets a Max-Age, and a later change of it is sent too',
    'commit: no byte leaves before the change of an existing session is stored: send',
    'commit: no byte leaves before the change of an existing session is stored: redirect',
    'commit: no byte leaves before the change of an existing session is stored: stream',
    'commit: no byte leaves before the change of an existing session is stored: empty',
    'commit: no byte leaves before the change of an existing session is stored: unchanged',
    'commit: what could not be stored leaves the old record, and its cookie, alone',
    'commit: data that cannot be stored, or is too large, is a server error and leaves the old record alone',
    'errors: a destroy that nobody waits for, and that the store refuses, fails a redirect sent at once',
    'errors: a regenerate that nobody waits for, and that the store refuses, fails a redirect sent at once',
    'errors: a destroy that nobody waits for, and that the store refuses, fails a redirect sent later',
    'errors: a regenerate that nobody waits for, and that the store refuses, fails a redirect sent later',
    'errors: an error answer of an application that was told that the store refuses stays as it is'
  ],
  'clears the cookie when the store fails': [
    "commit: what could not be stored is a server error without cookie and without the handler's answer: send",
    "commit: what could not be stored is a server error without cookie and without the handler's answer: redirect",
    "commit: what could not be stored is a server error without cookie and without the handler's answer: stream",
    "commit: what could not be stored is a server error without cookie and without the handler's answer: empty",
    'commit: what could not be stored leaves the old record, and its cookie, alone',
    'errors: a login that the store refuses is a server error without cookie, and the old session goes on',
    'errors: a logout that the store refuses is a server error and keeps the cookie',
    'errors: a destroy that nobody waits for, and that the store refuses, fails a redirect sent at once',
    'errors: a regenerate that nobody waits for, and that the store refuses, fails a redirect sent at once',
    'errors: a destroy that nobody waits for, and that the store refuses, fails a redirect sent later',
    'errors: a regenerate that nobody waits for, and that the store refuses, fails a redirect sent later',
    'outage: a store that cannot be read is a 503, the handler does not run, and the user is still logged in afterwards',
    'outage: a store that never answers is a 503 after storeTimeout, and the user is still logged in afterwards',
    'outage: a store that never confirms a write is a 503 after storeTimeout, without cookie and without the answer'
  ],
  'keeps the headers of the response on errors': [
    "commit: what could not be stored is a server error without cookie and without the handler's answer: redirect",
    "errors: an error response after a failed commit carries no header that describes the handler's response",
    'errors: a destroy that nobody waits for, and that the store refuses, fails a redirect sent at once',
    'errors: a regenerate that nobody waits for, and that the store refuses, fails a redirect sent at once',
    'errors: a destroy that nobody waits for, and that the store refuses, fails a redirect sent later',
    'errors: a regenerate that nobody waits for, and that the store refuses, fails a redirect sent later'
  ],
  'drops headers on errors': [
    'errors: a handler that throws is answered with its own status, and what it changed is stored',
    'errors: a new session whose handler throws is stored, and the error answer carries its cookie',
    'errors: login and then an error, commitOnError: true: the error answer carries the new cookie',
    'errors: login and then an error, commitOnError: false: the error answer carries the new cookie',
    'errors: regenerate and then an error: the error answer carries the new cookie, marked as not to be cached',
    'errors: destroy and then an error: the error answer clears the cookie',
    'errors: login and then data that cannot be stored: the error answer carries the new cookie',
    "caching: an answer that looked at a user's session is private and must be validated, unless the handler says otherwise"
  ],
  'sends the cookie it was given with every answer': [
    'cookie: of several cookies of the name the first live one wins',
    'cookie: cookies that are no tokens of ours open nothing, cost no store operation and do no harm',
    'visitors: a request that only reads costs one read, writes nothing and sets no cookie',
    'visitors: a change costs one read and one write, and sets no new cookie',
    'visitors: a record that cannot be read is a new and empty session, however often it comes, and stays for inspection',
    'commit: no byte leaves before the change of an existing session is stored: send',
    'commit: no byte leaves before the change of an existing session is stored: redirect',
    'commit: no byte leaves before the change of an existing session is stored: stream',
    'commit: no byte leaves before the change of an existing session is stored: empty',
    'commit: no byte leaves before the change of an existing session is stored: unchanged',
    'commit: what could not be stored leaves the old record, and its cookie, alone',
    'errors: a destroy that nobody waits for, and that the store refuses, fails a redirect sent at once',
    'errors: a regenerate that nobody waits for, and that the store refuses, fails a redirect sent at once',
    'errors: a destroy that nobody waits for, and that the store refuses, fails a redirect sent later',
    'errors: a regenerate that nobody waits for, and that the store refuses, fails a redirect sent later',
    'errors: a logout that the store refuses, and that the handler answers itself, is answered as it says',
    'errors: an error answer of an application that was told that the store refuses stays as it is',
    "outage: onStoreUnavailable: 'anonymous': the visitor is served, keeps the cookie and is logged in again afterwards",
    'identity: after a login the new cookie is logged in and keeps the data, and the old token opens nothing',
    'identity: rotate keeps the old token working until the new one was seen, so that a lost answer logs nobody out',
    'identity: a logged-out token stays useless, however often it is replayed',
    'identity: the late answer to a request with the old token does not replace the cookie of a login, nor see it',
    'identity: a logout stays a logout when a request that reads was under way, whose late answer sets no cookie',
    'identity: a logout stays a logout when a request that writes was under way, whose late answer sets no cookie',
    'identity: the late answer of a request before a logout does not end the login that came after it'
  ],
  'never says no-store': [
    'caching: every answer with our cookie says no-store, and varies with the cookie: start, login, logout',
    "caching: an answer that looked at a user's session is private and must be validated, unless the handler says otherwise",
    "caching: the handler's own Cache-Control is tightened, with an event, when shared caches could keep our cookie"
  ],
  'does not look at the session again when a stream ends': [
    'streams: what a stream changes after its first byte and does not save is stored when the response ends'
  ]
}

describe('a broken adapter fails the cases about what it breaks, and no others', () => {
  it('none: no case fails', async () => {
    expect(await failing({ answer: commitThenAnswer })).toEqual([])
  })
  for (const [name, options] of Object.entries(broken)) {
    it(name, async () => {
      expect(await failing(options)).toEqual(failures[name])
    })
  }
})
