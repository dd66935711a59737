import 'reflect-metadata'
import { load } from '../load.ts'
import { type Visit, visits } from '../scenario.ts'
import type { Handler, RequestSession, Scenario } from './site.ts'

type Decorator = (...target: readonly unknown[]) => unknown

interface Common {
  Controller(): Decorator
  Get(path: string): Decorator
  Post(path: string): Decorator
  Session(): Decorator
  Module(options: object): Decorator
}

interface NestApplication {
  use(handler: Handler): void
  init(): Promise<unknown>
  close(): Promise<void>
}

interface Core {
  readonly NestFactory: { create(module: unknown, adapter: unknown, options: object): Promise<NestApplication> }
}

/** A controller, decorated by calls, because Node runs no decorators. */
function createModule({ Controller, Get, Post, Session, Module }: Common): unknown {
  class CountController {
    count(session: RequestSession): unknown {
      session.views = Number(session.views ?? 0) + 1
      return { views: session.views }
    }
    async logout(session: RequestSession): Promise<string> {
      await new Promise<void>((resolve, reject) => {
        session.destroy((error) => (error ? reject(error) : resolve()))
      })
      return 'out'
    }
    fail(session: RequestSession): never {
      session.failed = true
      throw new Error('broken')
    }
  }
  const routes = { count: Get('/'), logout: Post('/logout'), fail: Get('/fail') }
  for (const [name, route] of Object.entries(routes)) {
    Session()(CountController.prototype, name, 0)
    route(CountController.prototype, name, Object.getOwnPropertyDescriptor(CountController.prototype, name))
  }
  Controller()(CountController)
  class AppModule {}
  Module({ controllers: [CountController] })(AppModule)
  return AppModule
}

function scenario(does: string, visit: Visit): Scenario {
  return {
    middleware: '@nestjs/platform-express',
    does,
    // Its version 12 needs Express 5.
    platforms: ['Express 5'],
    before: async ({ app, session, onClose }) => {
      const { NestFactory } = load<Core>('@nestjs/core')
      const { ExpressAdapter } = load<{ ExpressAdapter: new (app: unknown) => unknown }>('@nestjs/platform-express')
      const nest = await NestFactory.create(createModule(load<Common>('@nestjs/common')), new ExpressAdapter(app), {
        logger: false
      })
      nest.use(session)
      await nest.init()
      onClose(() => nest.close())
    },
    visit
  }
}

export const nestScenarios: readonly Scenario[] = [
  scenario('counts views by @Session()', visits('/', '/', '/nowhere')),
  scenario('logs out by @Session()', async ({ visit }) => {
    await visit('/')
    await visit('/logout', { method: 'POST' })
    await visit('/')
  }),
  scenario('answers errors itself', visits('/fail', '/'))
]
