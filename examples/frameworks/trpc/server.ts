import { createMemoryStore, isSessionError } from '@kvsession/core'
import { withSession } from '@kvsession/fetch'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { serve } from 'srvx'
import { appRouter, type Cart } from './router.ts'

const sessions = withSession<Cart>({
  store: createMemoryStore(),
  secret: process.env.SESSION_SECRET,
  onError: (error) => new Response('Try again later\n', { status: isSessionError(error) ? error.status : 500 })
})

const fetch = sessions((request: Request, session) =>
  fetchRequestHandler({ endpoint: '/trpc', req: request, router: appRouter, createContext: () => ({ session }) })
)

serve({ fetch, hostname: process.env.HOST ?? '127.0.0.1', port: Number(process.env.PORT ?? 3000) })
