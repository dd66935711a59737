import { property } from './binding.ts'

/** What the store asks of an object, as JSON. `now` is the store's clock. */
export type Command =
  | { readonly verb: 'get'; readonly now: number }
  | { readonly verb: 'set'; readonly now: number; readonly value: string; readonly expiresAt: number }
  | { readonly verb: 'delete' }
  | {
      readonly verb: 'compareAndSet'
      readonly now: number
      /** Missing: nothing live. */
      readonly expected?: string
      readonly value: string
      readonly expiresAt: number
    }

/** What the object answers, as JSON. */
export type Outcome =
  /** `null`: nothing live. */
  { readonly value: string | null } | { readonly wrote: boolean } | { readonly problem: 'foreign' | 'no-sqlite' }

/** @throws TypeError for what is no command */
export function decodeCommand(input: unknown): Command {
  const verb = property(input, 'verb')
  if (verb === 'delete') return { verb }
  const now = numberOf(input, 'now')
  if (verb === 'get') return { verb, now }
  const write = { now, value: textOf(input, 'value'), expiresAt: numberOf(input, 'expiresAt') }
  if (verb === 'set') return { verb, ...write }
  if (verb !== 'compareAndSet') throw new TypeError('The session object was sent something that is no command.')
  if (property(input, 'expected') === undefined) return { verb, ...write }
  return { verb, ...write, expected: textOf(input, 'expected') }
}

function numberOf(input: unknown, name: string): number {
  const value = property(input, name)
  if (typeof value !== 'number') throw new TypeError(`A command to the session object has no ${name}.`)
  return value
}

function textOf(input: unknown, name: string): string {
  const value = property(input, name)
  if (typeof value !== 'string') throw new TypeError(`A command to the session object has no ${name}.`)
  return value
}
