import type { Platform } from '../src/compare.ts'
import { scenarios as expressScenarios } from './express/scenarios.ts'
import { createExpressPlatform } from './express/site.ts'
import { scenarios as honoScenarios } from './hono/scenarios.ts'
import { createHonoPlatform } from './hono/site.ts'
import { scenarios as koaScenarios } from './koa/scenarios.ts'
import { createKoaPlatform } from './koa/site.ts'

export const platforms: readonly Platform[] = [
  createExpressPlatform('Express 5', 'express', expressScenarios),
  createExpressPlatform('Express 4', 'express-4', expressScenarios),
  createKoaPlatform('Koa 3', 'koa', koaScenarios),
  createKoaPlatform('Koa 2', 'koa-2', koaScenarios),
  createHonoPlatform(honoScenarios)
]
