import { testAdapter } from '@kvsession/testkit'
import { describe, it } from 'vitest'
import { createNodeHttpApp } from './node-http-app.ts'

testAdapter({ describe, it, name: 'core alone on node:http', createApp: (setup) => createNodeHttpApp(setup) })
