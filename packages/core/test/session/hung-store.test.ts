import { describe, expect, it } from 'vitest'
import { createFixture } from '../support/fixture.ts'

describe('operations on one session object over a store that hangs', () => {
  it('Twenty parallel updates over a store that hangs all fail within one deadline', async () => {
    const storeTimeout = 40
    const fixture = createFixture({ storeTimeout })
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { n: 1 }))
    const session = await tab.open()
    fixture.store.break('hang-before')
    const started = performance.now()
    const updates = Array.from({ length: 20 }, () => session.update((data) => Object.assign(data, { n: 2 })))
    const results = await Promise.allSettled(updates)
    // Three store timeouts for the queue, then two for the write under way. One after another they would take forty.
    expect(performance.now() - started).toBeLessThan(20 * storeTimeout)
    for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: { status: 503 } })
  })
})
