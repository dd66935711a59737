import { type Driver, routes } from './acts.ts'
import { astro } from './drivers/astro.ts'
import { nuxt } from './drivers/nuxt.ts'
import { sveltekit } from './drivers/sveltekit.ts'

/** The examples whose routes, or whose results, differ from those of the others. */
export const drivers: Readonly<Record<string, Driver>> = {
  astro,
  nuxt,
  sveltekit
}

export function driverOf(name: string): Driver {
  return drivers[name] ?? routes
}
