import { testAdapter } from '@kvsession/testkit'
import { describe, it } from 'vitest'
import { createHonoApp } from './hono-app.ts'

// Hono passes its responses to the runtime and cannot detect their end.
for (const transport of ['cookie', 'bearer'] as const) {
  const name = `hono on node-server, by ${transport}`
  testAdapter({ describe, it, name, transport, createApp: createHonoApp, seesResponseEnd: false })
}
