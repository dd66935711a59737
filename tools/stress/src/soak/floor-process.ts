import type { Body } from './answers.ts'
import { obeyOrders } from './obey-orders.ts'

// What the memory of a server does that has no sessions, framework or store: Node itself, as often asked.

obeyOrders({
  listen(_, response) {
    const body: Body = { user: null, id: '', data: {}, done: true }
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify(body))
  },
  deploy: async () => undefined,
  close: async () => undefined
})
