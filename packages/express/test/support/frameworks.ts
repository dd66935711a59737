import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import express4 from 'express-4'
import { vi } from 'vitest'

export interface Framework {
  readonly name: string
  /** Mounts `middlewares`, then `mount`. Express itself handles errors and does not log them. */
  createApp(middlewares: readonly RequestHandler[], mount: (app: Express) => void): Express
}

function framework(name: string, create: () => Express): Framework {
  return {
    name,
    createApp(middlewares, mount) {
      const app = create()
      // As in production, Express sends no stack; `quiet` below prevents it from printing one.
      app.set('env', 'production')
      for (const middleware of middlewares) app.use(middleware)
      mount(app)
      return app
    }
  }
}

export const frameworks: readonly Framework[] = [
  framework('express 5', () => express()),
  framework('express 4', () => express4())
]

/** Express prints every error that reaches its default handler. */
export function quiet(): void {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
}

export type { ErrorRequestHandler, Express, RequestHandler }
