import { readEntries, readList } from 'runtime-matrix/entry-list'
import type { Run } from './compare.ts'

export type RunName = Pick<Run, 'middleware' | 'does'>

/** Every run with a reason to differ. */
export const explained: readonly (RunName & { readonly why: string })[] = readEntries(
  readList(import.meta.dirname, 'reasons.md')
).map(({ heading: why, code: [middleware = '', does = ''] }) => ({ middleware, does, why }))

/** Why a run differs from the peer's. A run without a reason must not differ. */
export function reasonOf({ middleware, does }: RunName): string | undefined {
  return explained.find((one) => one.middleware === middleware && one.does === does)?.why
}
