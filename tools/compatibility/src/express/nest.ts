import 'reflect-metadata'
import { load } from '../load.ts'
import type { Scenario } from '../scenario.ts'
import type { Handler, RequestSession, Site } from './site.ts'

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

function scenario(does: string, paths: readonly (readonly [string, string])[]): Scenario<Site> {
  return {
    middleware: '@nestjs/platform-express',
    does,
    // Its version 12 needs Express 5.
    platforms: ['Express 5'],
    async mount({ app, session, onClose }) {
      const { NestFactory } = load<Core>('@nestjs/core')
      const { ExpressAdapter } = load<{ ExpressAdapter: new (app: unknown) => unknown }>('@nestjs/platform-express')
      const nest = await NestFactory.create(createModule(load<Common>('@nestjs/common')), new ExpressAdapter(app), {
        logger: false
      })
      nest.use(session)
      await nest.init()
      onClose(() => nest.close())
    },
    async visit({ visit }) {
      for (const [method, path] of paths) await visit(path, { method })
    }
  }
}

export const nestScenarios: readonly Scenario<Site>[] = [
  scenario('counts views by @Session()', [
    ['GET', '/'],
    ['GET', '/'],
    ['GET', '/nowhere']
  ]),
  scenario('logs out by @Session()', [
    ['GET', '/'],
    ['POST', '/logout'],
    ['GET', '/']
  ]),
  scenario('answers errors itself', [
    ['GET', '/fail'],
    ['GET', '/']
  ])
]
