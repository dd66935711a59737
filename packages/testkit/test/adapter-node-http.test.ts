import { testAdapter } from '@kvsession/testkit'
import { describe, it } from 'vitest'
import { createNodeHttpApp } from './node-http-app.ts'

for (const transport of ['cookie', 'bearer'] as const) {
  const name = `core alone on node:http, by ${transport}`
  testAdapter({ describe, it, name, transport, createApp: (setup) => createNodeHttpApp(setup) })
}
