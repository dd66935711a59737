import { describe, expect, it } from 'vitest'
import { createFixture } from './support/fixture.ts'

/** A key that a client chose: a line break that forges a log line, an escape sequence, right-to-left characters. */
const hostile = 'a\r\n2026-01-01 INFO all is well\u001b[2J\u009b\u202e\u2028'
const long = 'k'.repeat(5_000)
const forging = /[\p{C}\p{Zl}\p{Zp}]/u

async function messageOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: unknown) => String(error)
  )
}

describe('a key of the data that a client chose', () => {
  it.each([hostile, long])('DATA_UNSERIALIZABLE names the key on one line, shortened', async (key) => {
    const message = await messageOf(
      createFixture()
        .browser()
        .request(({ data }) => Object.assign(data, { [key]: 1n }))
    )
    expect(message).toMatch(/DATA_UNSERIALIZABLE/)
    expect(message).not.toMatch(forging)
    expect(message.length).toBeLessThan(500)
  })

  it.each([hostile, long])('RECORD_TOO_LARGE names the key on one line, shortened', async (key) => {
    const { browser } = createFixture({ maxRecordBytes: 1_000 })
    const message = await messageOf(browser().request(({ data }) => Object.assign(data, { [key]: 'x'.repeat(2_000) })))
    expect(message).toMatch(/RECORD_TOO_LARGE/)
    expect(message).not.toMatch(forging)
    expect(message.length).toBeLessThan(500)
  })

  it.each([hostile, long])('The conflict event names the key on one line, shortened', async (key) => {
    const fixture = createFixture()
    const tab = fixture.browser()
    await tab.request(({ data }) => Object.assign(data, { [key]: 1 }))
    const [one, other] = [await tab.open(), await tab.open()]
    one.data[key] = 2
    other.data[key] = 3
    await fixture.manager.commit(one)
    await fixture.manager.commit(other)
    const [conflict] = fixture.events.filter(({ type }) => type === 'conflict')
    expect(conflict).toMatchObject({ keys: [expect.any(String)] })
    const [name = ''] = conflict?.type === 'conflict' ? conflict.keys : []
    expect(name).not.toMatch(forging)
    expect(name.length).toBeLessThan(300)
  })
})
