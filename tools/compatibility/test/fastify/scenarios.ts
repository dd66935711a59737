import { load } from '../load.ts'
import { follows, type Visit } from '../scenario.ts'
import { loginScenarios } from './logins.ts'
import { memberScenarios } from './members.ts'
import { type App, type Reply, type Request, route, type Scenario } from './site.ts'

function tokenOf(reply: Reply): unknown {
  if ('generateCsrf' in reply && typeof reply.generateCsrf === 'function') return reply.generateCsrf()
  throw new TypeError('generateCsrf() is missing')
}

function csrfScenario(does: string, visit: Visit): Scenario {
  return {
    middleware: '@fastify/csrf-protection',
    does,
    mount({ app }) {
      app.register(load('@fastify/csrf-protection'), { sessionPlugin: '@fastify/session' })
      route(app, (routes) => {
        routes.get('/token', async (_request, reply) => tokenOf(reply))
        routes.get('/login', async (request) => {
          await request.session.regenerate()
          request.session.user = 'alice'
          return 'in'
        })
        routes.post('/act', { preHandler: Reflect.get(routes, 'csrfProtection') }, async () => 'done')
      })
    },
    visit
  }
}

function act(token: string): { readonly method: string; readonly headers: Readonly<Record<string, string>> } {
  return { method: 'POST', headers: { 'csrf-token': token } }
}

const csrfScenarios: readonly Scenario[] = [
  csrfScenario('accepts its token and refuses a forged one and none', async ({ visit }) => {
    const { body } = await visit('/token')
    for (const token of [body, 'forged']) await visit('/act', act(token))
    await visit('/act', { method: 'POST' })
  }),
  csrfScenario('refuses the token from before the login', async ({ visit }) => {
    const { body } = await visit('/token')
    await visit('/login')
    await visit('/act', act(body))
  }),
  csrfScenario("refuses another visitor's token", async ({ visit }) => {
    const { body } = await visit('/token', { stranger: true })
    await visit('/token')
    await visit('/act', act(body))
  })
]

interface FlashRequest extends Request {
  flash(kind: string, ...message: readonly unknown[]): number
}

interface FlashReply extends Reply {
  flash(kind?: string): unknown
}

function flash(request: Request, kind: string, ...message: readonly unknown[]): number {
  if (isFlashRequest(request)) return request.flash(kind, ...message)
  throw new TypeError('flash() is missing')
}

function isFlashRequest(request: Request): request is FlashRequest {
  return 'flash' in request
}

function messagesOf(reply: Reply, kind?: string): unknown {
  if (isFlashReply(reply)) return reply.flash(kind)
  throw new TypeError('flash() is missing')
}

function isFlashReply(reply: Reply): reply is FlashReply {
  return 'flash' in reply
}

function flashScenario(does: string, add: (routes: App) => void, visit: Visit): Scenario {
  return {
    middleware: '@fastify/flash',
    does,
    mount({ app }) {
      app.register(load('@fastify/flash'))
      route(app, add)
    },
    visit
  }
}

const flashScenarios: readonly Scenario[] = [
  flashScenario(
    'shows a message once, after a redirect',
    (routes) => {
      routes.get('/set', async (request, reply) => {
        flash(request, 'info', 'saved')
        flash(request, 'info', 'hello %s', 'alice')
        return reply.redirect('/show')
      })
      routes.get('/show', async (_request, reply) => messagesOf(reply, 'info'))
    },
    follows('/set', '/show')
  ),
  flashScenario(
    'takes several messages, and gives all kinds at once',
    (routes) => {
      routes.get('/set', async (request) => [flash(request, 'error', ['one', 'two']), flash(request, 'info', 'three')])
      routes.get('/all', async (_request, reply) => messagesOf(reply))
    },
    follows('/set', '/all', '/all')
  )
]

export const scenarios: readonly Scenario[] = [
  ...memberScenarios,
  ...loginScenarios,
  ...csrfScenarios,
  ...flashScenarios
]
