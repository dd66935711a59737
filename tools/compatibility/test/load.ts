import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/**
 * A module, with what the scenarios use of it as its type: the types of many middlewares claim `req.session` for
 * express-session, and contradict one another.
 */
export function load<Module>(name: string): Module {
  return require(name)
}
