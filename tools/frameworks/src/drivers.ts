import { type Driver, routes } from './acts.ts'
import { astro } from './drivers/astro.ts'
import { graphqlYoga } from './drivers/graphql-yoga.ts'
import { nestjs } from './drivers/nestjs.ts'
import { next } from './drivers/next.ts'
import { nuxt } from './drivers/nuxt.ts'
import { reactRouter } from './drivers/react-router.ts'
import { socketIo } from './drivers/socket-io.ts'
import { sveltekit } from './drivers/sveltekit.ts'
import { tanstackStart } from './drivers/tanstack-start.ts'
import { trpc } from './drivers/trpc.ts'
import { ws } from './drivers/ws.ts'

/** The examples whose routes, or whose results, differ from those of the others. */
export const drivers: Readonly<Record<string, Driver>> = {
  astro,
  'graphql-yoga': graphqlYoga,
  nestjs,
  next,
  nuxt,
  'react-router': reactRouter,
  'socket.io': socketIo,
  sveltekit,
  'tanstack-start': tanstackStart,
  trpc,
  ws
}

export function driverOf(name: string): Driver {
  return drivers[name] ?? routes
}
