import type { Fault, Operation } from './scheduled-store.ts'
import { factsOf, shortId } from './stored-text.ts'

export interface Step {
  readonly who: string
  readonly what: string
}

/** One line of a timeline: who did what to which key, and what was there. */
export function describeStep(
  who: string,
  { verb, key, expected, value, expiresAt }: Operation,
  fault: Fault | undefined,
  stray: boolean,
  before: string | undefined,
  result: unknown
): Step {
  const there = before === undefined ? 'nothing' : factsOf(before).summary
  const mark = fault === undefined ? (stray ? ' (late arrival)' : '') : ` !! ${fault}`
  const name = key.includes('.u.') ? `index ${key.slice(11, 15)}` : `record ${shortId(key.slice(11))}`
  if (verb === 'hint') return { who, what: `hears of ${name}` }
  if (verb === 'answer') return { who, what: `is answered about ${name}` }
  if (verb === 'jump') return { who, what: `clock jumps ${expiresAt} ms` }
  if (verb === 'deleteExpired') return { who, what: `sweeps${mark}` }
  if (verb === 'get') return { who, what: `reads ${name}${mark}: ${there}` }
  if (verb === 'delete') return { who, what: `deletes ${name}${mark}: was ${there}` }
  const written = factsOf(value ?? '').summary
  if (verb === 'set') return { who, what: `sets ${name}${mark}: ${written}` }
  const wanted = expected === undefined ? 'nothing' : factsOf(expected).summary
  const outcome = result === true ? `writes ${written}` : `fails to write ${written}, expecting ${wanted}`
  return { who, what: `compareAndSet ${name}${mark}: ${outcome}; was ${there}` }
}

export function formatTimeline(steps: readonly Step[]): string {
  const width = Math.max(...steps.map(({ who }) => who.length))
  return steps
    .map(({ who, what }, index) => `${String(index + 1).padStart(3)}  ${who.padEnd(width)}  ${what}`)
    .join('\n')
}
