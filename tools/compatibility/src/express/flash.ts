import { load } from '../load.ts'
import type { Scenario } from '../scenario.ts'
import type { Handler, Request, Site } from './site.ts'

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

function scenario(
  middleware: string,
  does: string,
  mount: (site: Site) => void,
  paths: readonly string[]
): Scenario<Site> {
  return {
    middleware,
    does,
    mount(site) {
      const flash = load<() => Handler>(middleware)
      site.app.use(site.session)
      site.app.use(flash())
      mount(site)
    },
    async visit({ visit, follow }) {
      for (const path of paths) await follow(await visit(path))
    }
  }
}

const families = ['connect-flash', 'express-flash']

export const flashScenarios: readonly Scenario<Site>[] = [
  ...families.flatMap((middleware) => [
    scenario(
      middleware,
      'shows a message once, after a redirect',
      ({ app }) => {
        app.get('/set', (req, res) => {
          flashOf(req, 'info', 'saved')
          flashOf(req, 'info', 'twice')
          res.redirect('/show')
        })
        app.get('/show', (req, res) => res.json(flashOf(req, 'info')))
      },
      ['/set', '/show']
    ),
    scenario(
      middleware,
      'takes several messages, and gives all kinds at once',
      ({ app }) => {
        app.get('/set', (req, res) => {
          flashOf(req, 'error', ['one', 'two'])
          flashOf(req, 'info', 'three')
          res.send('set')
        })
        app.get('/all', (req, res) => res.json(flashOf(req)))
      },
      ['/set', '/all', '/all']
    )
  ]),
  scenario(
    'connect-flash',
    'gives a visitor whose messages are only read the same cookie',
    ({ app }) => {
      app.get('/', (req, res) => res.json(flashOf(req, 'info')))
    },
    ['/', '/']
  ),
  scenario(
    'express-flash',
    'shows a message to the view of the same request',
    ({ app }) => {
      app.get('/', (req, res) => {
        flashOf(req, 'info', 'now')
        const messages = res.locals.messages ?? Reflect.get(Object(res), 'messages')
        res.json([typeof messages, flashOf(req, 'info')])
      })
    },
    ['/', '/']
  ),
  ...[true, false].map((lossy) => ({
    ...scenario(
      'connect-flash',
      lossy ? "takes an Error as a message, with serializer: 'json-lossy'" : 'takes an Error as a message',
      ({ app }) => {
        app.get('/', (req, res) => {
          flashOf(req, 'error', new Error('wrong password'))
          res.send('set')
        })
        app.get('/show', (req, res) => res.json(flashOf(req, 'error')))
      },
      ['/', '/show']
    ),
    lossy
  }))
]
