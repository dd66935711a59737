import { testAdapter } from '@kvsession/testkit'
import { describe, it } from 'vitest'
import { createFetchApp } from './fetch-app.ts'

for (const transport of ['cookie', 'bearer'] as const) {
  const name = `withSession() for fetch handlers, by ${transport}`
  testAdapter({ describe, it, name, transport, createApp: createFetchApp })
}
