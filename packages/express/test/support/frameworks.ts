import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import express4 from 'express-4'
import { vi } from 'vitest'

export interface Framework {
  readonly name: string
  /** `middlewares` first, then `mount`. Errors are answered by Express itself, and not logged. */
  createApp(middlewares: readonly RequestHandler[], mount: (app: Express) => void): Express
}

function framework(name: string, create: () => Express): Framework {
  return {
    name,
    createApp(middlewares, mount) {
      const app = create()
      // As in production, Express shows no stack; `quiet` below keeps it from printing one.
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

/** Express prints every error that reaches its end. */
export function quiet(): void {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
}

export type { ErrorRequestHandler, Express, RequestHandler }
