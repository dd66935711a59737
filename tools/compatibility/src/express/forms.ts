import { load } from '../load.ts'
import type { Scenario } from '../scenario.ts'
import type { Handler, Request, Site } from './site.ts'

interface Validator {
  body(field: string): Handler & { isEmail(): Handler }
  validationResult(req: Request): { isEmpty(): boolean; array(): unknown[] }
}

interface Multer {
  (options: object): { single(field: string): Handler; array(field: string): Handler }
  memoryStorage(): unknown
}

function filesOf(req: Request): string[] {
  const files: unknown = 'files' in req ? req.files : 'file' in req ? [req.file] : []
  return Array.isArray(files)
    ? files.map((file: { originalname: string; size: number }) => `${file.originalname} ${file.size}`)
    : []
}

function upload(names: readonly string[]): FormData {
  const form = new FormData()
  form.set('title', 'a title')
  for (const name of names) form.append('file', new Blob(['content']), name)
  return form
}

export const formScenarios: readonly Scenario<Site>[] = [
  ...(['single', 'array'] as const).map(
    (kind): Scenario<Site> => ({
      middleware: 'multer',
      does:
        kind === 'single'
          ? 'takes a file and its form into the session'
          : 'takes several files, and refuses other fields',
      mount({ app, session }) {
        const multer = load<Multer>('multer')
        const storage = multer({ storage: multer.memoryStorage() })
        app.use(session)
        app.post('/', kind === 'single' ? storage.single('file') : storage.array('file'), (req, res) => {
          req.session.upload = { title: req.body.title, files: filesOf(req) }
          res.redirect('/')
        })
        app.get('/', (req, res) => res.json(req.session.upload))
      },
      async visit({ visit, follow }) {
        await follow(await visit('/', { body: upload(kind === 'single' ? ['a.txt'] : ['a.txt', 'b.txt']) }))
        const wrong = new FormData()
        wrong.set('other', new Blob(['content']), 'c.txt')
        await visit('/', { body: wrong })
        await visit('/')
      }
    })
  ),
  {
    middleware: 'express-validator',
    does: 'keeps the errors of a form for the next page',
    mount({ app, express, session }) {
      const { body, validationResult } = load<Validator>('express-validator')
      app.use(session)
      app.use(express.urlencoded({ extended: false }))
      app.post('/', body('email').isEmail(), (req, res) => {
        const errors = validationResult(req)
        if (errors.isEmpty()) return res.send('fine')
        req.session.errors = errors.array()
        return res.redirect('/')
      })
      app.get('/', (req, res) => res.json(req.session.errors ?? []))
    },
    async visit({ visit, follow }) {
      await follow(await visit('/', { body: { email: 'none' } }))
      await visit('/', { body: { email: 'a@example.com' } })
    }
  },
  ...[true, false].map(
    (lossy): Scenario<Site> => ({
      middleware: 'express-validator',
      does: lossy ? "keeps a whole result, with serializer: 'json-lossy'" : 'keeps a whole result',
      lossy,
      mount({ app, express, session }) {
        const { body, validationResult } = load<Validator>('express-validator')
        app.use(session)
        app.use(express.urlencoded({ extended: false }))
        app.post('/', body('email').isEmail(), (req, res) => {
          req.session.result = validationResult(req)
          res.redirect('/')
        })
        app.get('/', (req, res) => res.json(req.session.result ?? []))
      },
      async visit({ visit }) {
        await visit('/', { body: { email: 'none' } })
        await visit('/')
      }
    })
  ),
  ...['before', 'behind'].map(
    (place): Scenario<Site> => ({
      middleware: 'cookie-parser',
      does: `reads and sets other cookies, with the session ${place} it`,
      mount({ app, session }) {
        const parser = load<(secret: string) => Handler>('cookie-parser')('a secret of the application')
        for (const one of place === 'before' ? [session, parser] : [parser, session]) app.use(one)
        app.get('/', (req, res) => {
          req.session.views = Number(req.session.views ?? 0) + 1
          res.cookie('theme', 'dark')
          const names = 'cookies' in req ? Object.keys(Object(req.cookies)) : []
          res.json([req.session.views, names.includes('theme')])
        })
      },
      async visit({ visit }) {
        await visit('/')
        await visit('/')
      }
    })
  ),
  {
    middleware: 'supertest',
    does: 'keeps the session with an agent',
    mount({ app, session }) {
      const { agent } = load<{
        agent(app: unknown): { get(path: string): Promise<{ body: unknown; status: number }> }
      }>('supertest')
      app.use(session)
      app.get('/count', (req, res) => {
        req.session.views = Number(req.session.views ?? 0) + 1
        res.json(req.session.views)
      })
      app.get('/', async (_req, res) => {
        const visitor = agent(app)
        const seen = [await visitor.get('/count'), await visitor.get('/count'), await agent(app).get('/count')]
        res.json(seen.map(({ body, status }) => [status, body]))
      })
    },
    async visit({ visit }) {
      await visit('/')
    }
  }
]
