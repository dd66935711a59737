import type { Body } from './handler.ts'
import { serve } from './serve.ts'

// The baseline for memory: a server of Node that gets the same requests, without sessions, framework or store.

serve({
  handle(_, response) {
    const body: Body = { user: null, id: '', data: {}, result: true }
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify(body))
  },
  deploy: async () => undefined,
  close: async () => undefined
})
