import { type Driver, routes } from './acts.ts'
import { sveltekit } from './drivers/sveltekit.ts'

/** The examples whose routes, or whose results, differ from those of the others. */
export const drivers: Readonly<Record<string, Driver>> = {
  sveltekit
}

export function driverOf(name: string): Driver {
  return drivers[name] ?? routes
}
