import { testAdapter } from '@kvsession/testkit'
import { describe, it } from 'vitest'
import { createFastifyApp } from './support/fastify-app.ts'

testAdapter({ describe, it, name: 'fastify', createApp: createFastifyApp })
