import { testAdapter } from '@kvsession/testkit'
import { describe, it } from 'vitest'
import { createHonoApp } from './hono-app.ts'

// Hono hands its responses to the runtime and does not hear when they end.
testAdapter({ describe, it, name: 'hono on node-server', createApp: createHonoApp, seesResponseEnd: false })
