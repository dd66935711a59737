import assert from 'node:assert/strict'
import type { CaseGroup } from './store-case.ts'

/** Runs first: with a clock that the engine does not share, most other cases fail without naming the reason. */
export const clockCases: CaseGroup = {
  group: 'clock',
  cases: [
    {
      name: 'a value is live while its deadline is in the future by the clock of the binding',
      check: async ({ store, now, later }) => {
        await store.set('key', 'value', later())
        if ((await store.get('key')) !== undefined) return
        const [binding, system] = [now(), Date.now()].map((time) => new Date(time).toISOString())
        assert.fail(
          `a value is absent a day before its deadline: the binding's clock is at ${binding}, the system clock at ${system}. ` +
            'An engine that expires keys by its own time needs a clock that starts now, as createTestClock() does'
        )
      }
    }
  ]
}
