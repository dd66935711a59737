import type { Library } from './application.ts'
import { awaitedBaseline, synchronousBaseline } from './hand-written.ts'

export const frameworks = ['express', 'koa', 'hono', 'fastify'] as const
export type Framework = (typeof frameworks)[number]
/** `redis`, `postgres`: Express with sessions on that server. */
export type Family = Framework | 'redis' | 'postgres'

export const titles: Readonly<Record<Family, string>> = {
  ...{ express: 'Express', koa: 'Koa', hono: 'Hono', fastify: 'Fastify' },
  ...{ redis: 'Redis', postgres: 'PostgreSQL' }
}

export const peers: Readonly<Record<Family, string>> = {
  ...{ express: 'express-session', koa: 'koa-session', hono: 'hono-sessions', fastify: '@fastify/session' },
  ...{ redis: 'connect-redis', postgres: 'connect-pg-simple' }
}

/** Every subject that is measured, by framework, in the order of the page. */
export const subjects: Readonly<Record<Family, readonly string[]>> = {
  express: ['bare', synchronousBaseline, awaitedBaseline, 'kvsession', peers.express],
  koa: ['bare', awaitedBaseline, 'kvsession', peers.koa],
  hono: ['bare', awaitedBaseline, 'kvsession', peers.hono],
  fastify: ['bare', awaitedBaseline, 'kvsession', peers.fastify],
  redis: [awaitedBaseline, 'kvsession', 'kvsession, cached', 'kvsession, lazy', peers.redis],
  postgres: ['kvsession', 'kvsession, cached', peers.postgres]
}

export function frameworkNamed(name: string): Framework {
  const framework = frameworks.find((one) => one === name)
  if (!framework) throw new Error(`No framework is named ${name}`)
  return framework
}

/** Loads that framework alone. */
export async function loadLibrary(family: Family, name: string): Promise<Library> {
  const library = (await librariesOf(family))[name]
  if (!library) throw new Error(`${family} has no subject named ${name}`)
  return library
}

async function librariesOf(family: Family): Promise<Readonly<Record<string, Library>>> {
  switch (family) {
    case 'express':
      return (await import('./express.ts')).expressLibraries
    case 'koa':
      return (await import('./koa.ts')).koaLibraries
    case 'hono':
      return (await import('./hono.ts')).honoLibraries
    case 'fastify':
      return (await import('./fastify.ts')).fastifyLibraries
    case 'redis':
      return (await import('./remote-stores.ts')).redisLibraries
    case 'postgres':
      return (await import('./remote-stores.ts')).postgresLibraries
  }
}
