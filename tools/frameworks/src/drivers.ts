import { type Driver, routes } from './acts.ts'
import { graphqlYoga } from './drivers/graphql-yoga.ts'
import { nestjs } from './drivers/nestjs.ts'
import { reactRouter } from './drivers/react-router.ts'
import { tanstackStart } from './drivers/tanstack-start.ts'
import { trpc } from './drivers/trpc.ts'

/** The examples whose routes, or whose results, differ from those of the others. */
export const drivers: Readonly<Record<string, Driver>> = {
  'graphql-yoga': graphqlYoga,
  nestjs,
  'react-router': reactRouter,
  'tanstack-start': tanstackStart,
  trpc
}

export function driverOf(name: string): Driver {
  return drivers[name] ?? routes
}
