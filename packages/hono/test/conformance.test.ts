import { testAdapter } from '@kvsession/testkit'
import { describe, it } from 'vitest'
import { createHonoApp } from './hono-app.ts'

// Hono passes its responses to the runtime and cannot detect their end.
testAdapter({ describe, it, name: 'hono on node-server', createApp: createHonoApp, seesResponseEnd: false })
