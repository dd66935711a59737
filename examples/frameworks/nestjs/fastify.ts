import 'reflect-metadata'
import { createMemoryStore } from '@kvsession/core'
import { getSession, session } from '@kvsession/fastify'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { type Cart, createAppModule } from './app.module.ts'

declare module 'fastify' {
  interface Session extends Cart {}
}

const app = await NestFactory.create<NestFastifyApplication>(createAppModule(getSession), new FastifyAdapter())
await app.register(session, { store: createMemoryStore(), secret: process.env.SESSION_SECRET })
await app.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? '127.0.0.1')
