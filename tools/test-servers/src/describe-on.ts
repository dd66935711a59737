import { describe } from 'vitest'
import { type EngineName, missingEngine } from './engine-address.ts'
import { missingNetwork } from './network.ts'
import { missingWorkerd } from './workerd.ts'

export interface DescribeOptions {
  /** The tests start an instance of their own and ignore the environment. Default `false`. */
  readonly own?: boolean
}

/**
 * A `describe` for tests that need this engine. Without it they are skipped under a name that says what to install; the
 * run lists them, and with `KVSESSION_REQUIRE_ENGINES=1` they fail.
 */
export function describeOn(
  engine: EngineName,
  options: DescribeOptions = {}
): (name: string, register: () => void) => void {
  return describeUnless(missingEngine(engine, options))
}

/** A `describe` for tests that need an engine on hosts of a network; otherwise as `describeOn`. */
export function describeOnNetwork(engine: EngineName): (name: string, register: () => void) => void {
  return describeUnless(missingEngine(engine, { own: true }) ?? missingNetwork())
}

/** A `describe` for tests that run in Cloudflare's runtime; otherwise as `describeOn`. */
export function describeOnWorkerd(name: string, register: () => void): void {
  describeUnless(missingWorkerd())(name, register)
}

function describeUnless(missing: string | undefined): (name: string, register: () => void) => void {
  return (name, register) => {
    describe.skipIf(missing !== undefined)(missing === undefined ? name : `${name} [${missing}]`, register)
  }
}
