import type { Application } from './application.ts'

/** `redis`, `postgres`: Express with a store there. */
export type FrameworkName = 'express' | 'koa' | 'hono' | 'fastify' | 'redis' | 'postgres'

type Makers = Readonly<Record<string, () => Application | Promise<Application>>>

/** Every subject of a framework, `bare` first. Loads that framework alone. */
export async function applicationsOf(framework: FrameworkName): Promise<Makers> {
  switch (framework) {
    case 'express':
      return (await import('./express-applications.ts')).expressApplications
    case 'koa':
      return (await import('./koa-applications.ts')).koaApplications
    case 'hono':
      return (await import('./hono-applications.ts')).honoApplications
    case 'fastify':
      return (await import('./fastify-applications.ts')).fastifyApplications
    case 'redis':
      return (await import('./store-applications.ts')).redisApplications
    case 'postgres':
      return (await import('./store-applications.ts')).postgresApplications
  }
}
