import { type Driver, routes } from './acts.ts'
import { astro } from './drivers/astro.ts'
import { graphqlYoga } from './drivers/graphql-yoga.ts'
import { next } from './drivers/next.ts'
import { nuxt } from './drivers/nuxt.ts'
import { reactRouter } from './drivers/react-router.ts'
import { sveltekit } from './drivers/sveltekit.ts'
import { tanstackStart } from './drivers/tanstack-start.ts'
import { trpc } from './drivers/trpc.ts'

/** The examples whose routes, or whose results, differ from those of the others. */
export const drivers: Readonly<Record<string, Driver>> = {
  astro,
  'graphql-yoga': graphqlYoga,
  next,
  nuxt,
  'react-router': reactRouter,
  sveltekit,
  'tanstack-start': tanstackStart,
  trpc
}

export function driverOf(name: string): Driver {
  return drivers[name] ?? routes
}
