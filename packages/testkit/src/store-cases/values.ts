import { assertValue } from './assert-value.ts'
import type { CaseDefinition, CaseGroup, StoreCaseContext } from './store-case.ts'
import { largeValues, type ValueSample, valueSamples } from './value-samples.ts'

export function valueCases(largestValue: number): CaseGroup {
  return {
    group: 'values',
    cases: [...valueSamples, ...largeValues(largestValue)].flatMap((sample): CaseDefinition[] => [
      {
        name: `get returns the exact value written by set: ${sample.kind}`,
        check: (context) => assertExact(context, sample, (key, value) => context.store.set(key, value, context.later()))
      },
      {
        name: `get returns the exact value written by compareAndSet: ${sample.kind}`,
        needs: ['compareAndSet'],
        check: (context) =>
          assertExact(context, sample, async (key, value) => {
            await context.store.compareAndSet(key, undefined, value, context.later())
          })
      }
    ])
  }
}

async function assertExact(
  { store }: StoreCaseContext,
  { values }: ValueSample,
  write: (key: string, value: string) => Promise<void>
): Promise<void> {
  for (const [index, value] of values.entries()) await write(`value.${index}`, value)
  for (const [index, value] of values.entries()) await assertValue(store, `value.${index}`, value)
}
