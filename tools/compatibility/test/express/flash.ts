import { load } from '../load.ts'
import { follows } from '../scenario.ts'
import type { App, Handler, Request, Scenario } from './site.ts'

interface FlashRequest extends Request {
  flash(kind?: string, message?: unknown): unknown
}

function flashOf(req: Request, kind?: string, message?: unknown): unknown {
  if (!isFlash(req)) throw new TypeError('flash() is missing')
  return message === undefined ? req.flash(kind) : req.flash(kind, message)
}

function isFlash(req: Request): req is FlashRequest {
  return 'flash' in req
}

type Options = Pick<Scenario, 'middleware' | 'does' | 'lossy'>

function scenario(options: Options, mount: (app: App) => void, ...paths: readonly string[]): Scenario {
  return {
    ...options,
    mount({ app }) {
      app.use(load<() => Handler>(options.middleware)())
      mount(app)
    },
    visit: follows(...paths)
  }
}

const families = ['connect-flash', 'express-flash']

export const flashScenarios: readonly Scenario[] = [
  ...families.flatMap((middleware) => [
    scenario(
      { middleware, does: 'shows a message once, after a redirect' },
      (app) => {
        app.get('/set', (req, res) => {
          flashOf(req, 'info', 'saved')
          flashOf(req, 'info', 'twice')
          res.redirect('/show')
        })
        app.get('/show', (req, res) => res.json(flashOf(req, 'info')))
      },
      '/set',
      '/show'
    ),
    scenario(
      { middleware, does: 'takes several messages, and gives all kinds at once' },
      (app) => {
        app.get('/set', (req, res) => {
          flashOf(req, 'error', ['one', 'two'])
          flashOf(req, 'info', 'three')
          res.send('set')
        })
        app.get('/all', (req, res) => res.json(flashOf(req)))
      },
      '/set',
      '/all',
      '/all'
    )
  ]),
  scenario(
    { middleware: 'connect-flash', does: 'gives a visitor whose messages are only read the same cookie' },
    (app) => {
      app.get('/', (req, res) => res.json(flashOf(req, 'info')))
    },
    '/',
    '/'
  ),
  scenario(
    { middleware: 'express-flash', does: 'shows a message to the view of the same request' },
    (app) => {
      app.get('/', (req, res) => {
        flashOf(req, 'info', 'now')
        const messages = res.locals.messages ?? Reflect.get(Object(res), 'messages')
        res.json([typeof messages, flashOf(req, 'info')])
      })
    },
    '/',
    '/'
  ),
  ...[true, false].map((lossy) =>
    scenario(
      {
        middleware: 'connect-flash',
        does: lossy ? "takes an Error as a message, with serializer: 'json-lossy'" : 'takes an Error as a message',
        lossy
      },
      (app) => {
        app.get('/', (req, res) => {
          flashOf(req, 'error', new Error('wrong password'))
          res.send('set')
        })
        app.get('/show', (req, res) => res.json(flashOf(req, 'error')))
      },
      '/',
      '/show'
    )
  )
]
