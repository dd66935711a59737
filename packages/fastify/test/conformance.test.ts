import { testAdapter } from '@kvsession/testkit'
import { describe, it } from 'vitest'
import { createFastifyApp } from './support/fastify-app.ts'

for (const transport of ['cookie', 'bearer'] as const) {
  testAdapter({ describe, it, name: `fastify, by ${transport}`, transport, createApp: createFastifyApp })
}
