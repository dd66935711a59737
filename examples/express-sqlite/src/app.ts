import { fileURLToPath } from 'node:url'
import { session } from '@kvsession/express'
import express, { type Express, type RequestHandler } from 'express'
import { accountPages } from './pages/account.ts'
import { devicePages } from './pages/devices.ts'
import { entryPages } from './pages/entry.ts'
import { notFound, sendError } from './pages/errors.ts'
import { shopPages } from './pages/shop.ts'
import type { Site } from './site.ts'

export function createApp(site: Site): Express {
  const app = express()
  app.disable('x-powered-by')
  app.use(secureHeaders)
  // Before the session, because static files need no session and so cost no store operation.
  app.use(express.static(fileURLToPath(new URL('../public', import.meta.url))))

  app.use(session(site.sessions))
  app.use(express.urlencoded({ extended: false, limit: '8kb' }))
  app.use(site.guard.check)
  app.use(shopPages(site), entryPages(site), devicePages(site), accountPages(site))
  app.use(notFound, sendError)
  return app
}

const secureHeaders: RequestHandler = (_request, response, next) => {
  response.set({
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff'
  })
  next()
}
