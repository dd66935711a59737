import assert from 'node:assert/strict'
import { assertAbsent, assertValue } from './assert-value.ts'
import type { CaseGroup, StoreCaseContext } from './store-case.ts'
import { stringOfBytes, wideStringOfBytes } from './value-samples.ts'

const mebibyte = 1_048_576

/** For engines that hold less than 1 MiB. A larger value must not be truncated, dropped or partly written. */
export function largeValueCases(largestValue: number): CaseGroup {
  const tooLarge = (): string[] => [
    stringOfBytes(largestValue + 1),
    wideStringOfBytes(largestValue + 1),
    stringOfBytes(mebibyte)
  ]
  return {
    group: 'large values',
    cases: [
      {
        name: `set rejects a value of more than ${largestValue} bytes with RECORD_TOO_LARGE, and nothing changes`,
        check: async (context) => {
          for (const value of tooLarge())
            await assertRefused(context, (key, later) => context.store.set(key, value, later))
        }
      },
      {
        name: `compareAndSet rejects a value of more than ${largestValue} bytes with RECORD_TOO_LARGE, and nothing changes`,
        needs: ['compareAndSet'],
        check: async (context) => {
          for (const value of tooLarge()) {
            await assertRefused(context, (key, later, live) => context.store.compareAndSet(key, live, value, later))
          }
        }
      },
      {
        name: `a value of more than ${largestValue} bytes matches no live value`,
        needs: ['compareAndSet'],
        check: async ({ store, later }) => {
          const live = stringOfBytes(largestValue)
          await store.set('key', live, later())
          assert.equal(await store.compareAndSet('key', `${live}x`, 'written', later()), false)
          await assertValue(store, 'key', live)
        }
      }
    ]
  }
}

async function assertRefused(
  { store, later }: StoreCaseContext,
  write: (key: string, later: number, live: string | undefined) => Promise<unknown>
): Promise<void> {
  const refused = { code: 'RECORD_TOO_LARGE' }
  await store.set('live', 'old', later())
  await assert.rejects(() => write('live', later(), 'old'), refused)
  await assertValue(store, 'live', 'old')
  await assert.rejects(() => write('absent', later(), undefined), refused)
  await assertAbsent(store, 'absent')
}
