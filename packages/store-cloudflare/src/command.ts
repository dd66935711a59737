import { property } from './binding.ts'

/** A command of the store to an object, as JSON. `now` is the time of the store's clock. */
export type Command =
  | { readonly verb: 'get'; readonly now: number }
  | { readonly verb: 'set'; readonly now: number; readonly value: string; readonly expiresAt: number }
  | { readonly verb: 'delete' }
  | {
      readonly verb: 'compareAndSet'
      readonly now: number
      /** Missing if no live value is expected. */
      readonly expected?: string
      readonly value: string
      readonly expiresAt: number
    }

/** The reply of the object, as JSON. */
export type Outcome =
  /** `null` if there is no live value. */
  { readonly value: string | null } | { readonly wrote: boolean } | { readonly problem: 'foreign' | 'no-sqlite' }

/** @throws TypeError for an invalid command */
export function decodeCommand(input: unknown): Command {
  const verb = property(input, 'verb')
  if (verb === 'delete') return { verb }
  const now = numberOf(input, 'now')
  if (verb === 'get') return { verb, now }
  const write = { now, value: stringOf(input, 'value'), expiresAt: numberOf(input, 'expiresAt') }
  if (verb === 'set') return { verb, ...write }
  if (verb !== 'compareAndSet') throw new TypeError('The session object received an invalid command.')
  if (property(input, 'expected') === undefined) return { verb, ...write }
  return { verb, ...write, expected: stringOf(input, 'expected') }
}

function numberOf(input: unknown, name: string): number {
  const value = property(input, name)
  if (typeof value !== 'number') throw new TypeError(`A command to the session object has no ${name}.`)
  return value
}

function stringOf(input: unknown, name: string): string {
  const value = property(input, name)
  if (typeof value !== 'string') throw new TypeError(`A command to the session object has no ${name}.`)
  return value
}
