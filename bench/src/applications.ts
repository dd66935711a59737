import type { Application } from './application.ts'

export type FrameworkName = 'express' | 'koa' | 'hono' | 'fastify'

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
  }
}
