import { testAdapter } from '@kvsession/testkit'
import Koa from 'koa'
import Koa2 from 'koa-2'
import { describe, it } from 'vitest'
import { createKoaApp } from './koa-app.ts'

for (const transport of ['cookie', 'bearer'] as const) {
  const name = `koa 3, by ${transport}`
  testAdapter({ describe, it, name, transport, createApp: (setup) => createKoaApp(new Koa(), setup) })
}
testAdapter({ describe, it, name: 'koa 2', createApp: (setup) => createKoaApp(new Koa2(), setup) })
