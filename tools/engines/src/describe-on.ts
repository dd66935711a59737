import { describe } from 'vitest'
import { type EngineName, missingEngine } from './engine-address.ts'

export interface DescribeOptions {
  /** The tests start an instance of their own, whatever the environment names. Default `false`. */
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
  const missing = missingEngine(engine, options)
  return (name, register) => {
    describe.skipIf(missing !== undefined)(missing === undefined ? name : `${name} [${missing}]`, register)
  }
}
