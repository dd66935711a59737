import { load } from '../load.ts'
import { onBothSides, visits } from '../scenario.ts'
import { count, type Handler, type Request, type Scenario, type Site } from './site.ts'

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

export const formScenarios: readonly Scenario[] = [
  ...(['single', 'array'] as const).map(
    (kind): Scenario => ({
      middleware: 'multer',
      does:
        kind === 'single'
          ? 'takes a file and its form into the session'
          : 'takes several files, and refuses other fields',
      mount({ app }) {
        const multer = load<Multer>('multer')
        const storage = multer({ storage: multer.memoryStorage() })
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
    mount({ app, express }) {
      const { body, validationResult } = load<Validator>('express-validator')
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
    (lossy): Scenario => ({
      middleware: 'express-validator',
      does: lossy ? "keeps a whole result, with serializer: 'json-lossy'" : 'keeps a whole result',
      lossy,
      mount({ app, express }) {
        const { body, validationResult } = load<Validator>('express-validator')
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
  ...onBothSides(
    {
      middleware: 'cookie-parser',
      does: 'reads and sets other cookies',
      mount: ({ app }: Site) =>
        app.get('/', (req, res) => {
          res.cookie('theme', 'dark')
          const names = 'cookies' in req ? Object.keys(Object(req.cookies)) : []
          res.json([count(req), names.includes('theme')])
        }),
      visit: visits('/', '/')
    },
    ({ app }) => app.use(load<(secret: string) => Handler>('cookie-parser')('a secret of the application'))
  ),
  {
    middleware: 'supertest',
    does: 'keeps the session with an agent',
    mount({ app }) {
      const { agent } = load<{
        agent(app: unknown): { get(path: string): Promise<{ body: unknown; status: number }> }
      }>('supertest')
      app.get('/count', (req, res) => res.json(count(req)))
      app.get('/', async (_req, res) => {
        const visitor = agent(app)
        const seen = [await visitor.get('/count'), await visitor.get('/count'), await agent(app).get('/count')]
        res.json(seen.map(({ body, status }) => [status, body]))
      })
    },
    visit: visits('/')
  }
]
