import type { Fault, Operation } from './scheduled-store.ts'
import { factsOf, shortId } from './stored-facts.ts'

export interface Step {
  readonly actor: string
  readonly event: string
}

/** One line of a timeline: the actor, the operation, the key, and the value present. */
export function describeStep(
  actor: string,
  { verb, key, expected, value, expiresAt }: Operation,
  fault: Fault | undefined,
  stray: boolean,
  before: string | undefined,
  result: unknown
): Step {
  const present = before === undefined ? 'nothing' : factsOf(before).summary
  const mark = fault === undefined ? (stray ? ' (late arrival)' : '') : ` !! ${fault}`
  const name = key.includes('.u.') ? `index ${key.slice(11, 15)}` : `record ${shortId(key.slice(11))}`
  if (verb === 'hint') return { actor, event: `receives a hint about ${name}` }
  if (verb === 'answer') return { actor, event: `is answered about ${name}` }
  if (verb === 'jump') return { actor, event: `clock jumps ${expiresAt} ms` }
  if (verb === 'deleteExpired') return { actor, event: `sweeps${mark}` }
  if (verb === 'get') return { actor, event: `reads ${name}${mark}: ${present}` }
  if (verb === 'delete') return { actor, event: `deletes ${name}${mark}: was ${present}` }
  const written = factsOf(value ?? '').summary
  if (verb === 'set') return { actor, event: `sets ${name}${mark}: ${written}` }
  const wanted = expected === undefined ? 'nothing' : factsOf(expected).summary
  const outcome = result === true ? `writes ${written}` : `fails to write ${written}, expecting ${wanted}`
  return { actor, event: `compareAndSet ${name}${mark}: ${outcome}; was ${present}` }
}

export function formatTimeline(steps: readonly Step[]): string {
  const width = Math.max(...steps.map(({ actor }) => actor.length))
  return steps
    .map(({ actor, event }, index) => `${String(index + 1).padStart(3)}  ${actor.padEnd(width)}  ${event}`)
    .join('\n')
}
