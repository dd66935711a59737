import { type Driver, routes } from './acts.ts'
import { graphqlYoga } from './drivers/graphql-yoga.ts'
import { nestjs } from './drivers/nestjs.ts'
import { reactRouter } from './drivers/react-router.ts'
import { socketIo } from './drivers/socket-io.ts'
import { tanstackStart } from './drivers/tanstack-start.ts'
import { trpc } from './drivers/trpc.ts'
import { ws } from './drivers/ws.ts'

/** The examples whose routes, or whose results, differ from those of the others. */
export const drivers: Readonly<Record<string, Driver>> = {
  'graphql-yoga': graphqlYoga,
  nestjs,
  'react-router': reactRouter,
  'socket.io': socketIo,
  'tanstack-start': tanstackStart,
  trpc,
  ws
}

export function driverOf(name: string): Driver {
  return drivers[name] ?? routes
}
