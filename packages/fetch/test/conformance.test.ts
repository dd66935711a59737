import { testAdapter } from '@kvsession/testkit'
import { describe, it } from 'vitest'
import { createFetchApp } from './fetch-app.ts'

testAdapter({ describe, it, name: 'withSession() for fetch handlers', createApp: createFetchApp })
