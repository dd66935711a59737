import { type Driver, routes } from './acts.ts'
import { next } from './drivers/next.ts'

/** The examples whose routes, or whose results, differ from those of the others. */
export const drivers: Readonly<Record<string, Driver>> = {
  next
}

export function driverOf(name: string): Driver {
  return drivers[name] ?? routes
}
