import 'reflect-metadata'
import { createMemoryStore } from '@kvsession/core'
import { getSession, session } from '@kvsession/express'
import { NestFactory } from '@nestjs/core'
import type { NestExpressApplication } from '@nestjs/platform-express'
import { type Cart, createAppModule } from './app.module.ts'

declare global {
  namespace Express {
    interface SessionData extends Cart {}
  }
}

const app = await NestFactory.create<NestExpressApplication>(createAppModule(getSession))
app.use(session({ store: createMemoryStore(), secret: process.env.SESSION_SECRET }))
await app.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? '127.0.0.1')
