import type { Platform } from '../src/compare.ts'
import { csrfScenarios } from './express/csrf.ts'
import { flashScenarios } from './express/flash.ts'
import { formScenarios } from './express/forms.ts'
import { loginScenarios } from './express/logins.ts'
import { memberScenarios } from './express/members.ts'
import { nestScenarios } from './express/nest.ts'
import { passportScenarios } from './express/passport.ts'
import { createExpressPlatform } from './express/site.ts'
import { socketScenarios } from './express/sockets.ts'
import { trafficScenarios } from './express/traffic.ts'
import { scenarios as fastifyScenarios } from './fastify/scenarios.ts'
import { createFastifyPlatform } from './fastify/site.ts'
import { scenarios as honoScenarios } from './hono/scenarios.ts'
import { createHonoPlatform } from './hono/site.ts'
import { scenarios as koaScenarios } from './koa/scenarios.ts'
import { createKoaPlatform } from './koa/site.ts'

const expressScenarios = [
  ...memberScenarios,
  ...passportScenarios,
  ...loginScenarios,
  ...flashScenarios,
  ...csrfScenarios,
  ...trafficScenarios,
  ...formScenarios,
  ...socketScenarios,
  ...nestScenarios
]

export const platforms: readonly Platform[] = [
  createExpressPlatform('Express 5', 'express', expressScenarios),
  createExpressPlatform('Express 4', 'express-4', expressScenarios),
  createKoaPlatform('Koa 3', 'koa', koaScenarios),
  createKoaPlatform('Koa 2', 'koa-2', koaScenarios),
  createFastifyPlatform(fastifyScenarios),
  createHonoPlatform(honoScenarios)
]
