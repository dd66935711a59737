import { assertValue } from './assert-value.ts'
import type { CaseDefinition, CaseGroup, StoreCaseContext } from './store-case.ts'
import { largeTexts, type TextSample, textSamples } from './text-samples.ts'

export function textCases(largestValue: number): CaseGroup {
  return {
    group: 'text',
    cases: [...textSamples, ...largeTexts(largestValue)].flatMap((sample): CaseDefinition[] => [
      {
        name: `a value comes back exactly as written by set: ${sample.kind}`,
        check: (context) => assertExact(context, sample, (key, text) => context.store.set(key, text, context.later()))
      },
      {
        name: `a value comes back exactly as written by compareAndSet: ${sample.kind}`,
        needs: ['compareAndSet'],
        check: (context) =>
          assertExact(context, sample, async (key, text) => {
            await context.store.compareAndSet(key, undefined, text, context.later())
          })
      }
    ])
  }
}

async function assertExact(
  { store }: StoreCaseContext,
  { texts }: TextSample,
  write: (key: string, text: string) => Promise<void>
): Promise<void> {
  for (const [index, text] of texts.entries()) await write(`text.${index}`, text)
  for (const [index, text] of texts.entries()) await assertValue(store, `text.${index}`, text)
}
