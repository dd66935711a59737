import { describe, expect, it } from 'vitest'
import { createEncryption } from '../../src/record/encryption.ts'
import { createFixture, start } from '../support/fixture.ts'

const secret = 'a secret for encryption that is long enough'
const day = 86_400_000

/** A process without encryption, one for each stage of switching it on, and a user who logged in at `by`. */
async function fleet(by: 'plain' | 'reading' | 'writing' | 'strict' = 'plain') {
  const fixture = createFixture({ idleTimeout: '10d', absoluteTimeout: '20d' })
  const nodes = {
    plain: fixture.manager,
    reading: fixture.another({ encryption: createEncryption({ secret, write: false }) }),
    writing: fixture.another({ encryption: createEncryption({ secret, plainUntil: start + day }) }),
    strict: fixture.another({ encryption: createEncryption({ secret }) })
  }
  const tab = fixture.browser()
  await tab.request(async (session) => {
    await session.login('alice')
    session.data.cart = 'tea'
  }, nodes[by])
  const stored = async (): Promise<string> => {
    const { id } = await tab.open(nodes.writing)
    return (await fixture.store.get(`sessions.s.${id}`)) ?? ''
  }
  return { fixture, tab, nodes, stored }
}

describe('encryption is switched on in a running fleet in stages', () => {
  it.each([
    ['plain', 'reading'],
    ['reading', 'writing']
  ] as const)(
    'Processes of stage %s and %s can each open and change what the other one has stored',
    async (one, two) => {
      const { tab, nodes } = await fleet(one)
      for (let round = 0; round < 3; round++) {
        for (const node of [nodes[two], nodes[one]]) {
          await tab.request(({ data }) => Object.assign(data, { round: round }), node)
          const session = await tab.open(node)
          expect([session.userId, session.data]).toEqual(['alice', { cart: 'tea', round }])
          await session.regenerate()
          await tab.commit(session, node)
        }
      }
    }
  )

  it('The first stage writes plain text, and the second one encrypts', async () => {
    const { tab, nodes, stored } = await fleet()
    await tab.request(({ data }) => Object.assign(data, { a: 1 }), nodes.reading)
    expect(await stored()).toContain('tea')
    await tab.request(({ data }) => Object.assign(data, { a: 2 }), nodes.writing)
    expect(await stored()).not.toContain('tea')
  })

  it('Plain text is accepted until the stated time, and never by the last stage', async () => {
    const { fixture, tab, nodes } = await fleet()
    expect((await tab.open(nodes.strict)).isNew).toBe(true)
    fixture.now = start + day - 1
    expect((await tab.open(nodes.writing)).userId).toBe('alice')
    fixture.now = start + day
    expect((await tab.open(nodes.writing)).isNew).toBe(true)
  })

  it('Encryption is switched off in the same stages', async () => {
    const { tab, nodes, stored } = await fleet('strict')
    await tab.request(({ data }) => Object.assign(data, { a: 1 }), nodes.reading)
    expect(await stored()).toContain('tea')
    expect((await tab.open(nodes.plain)).data).toEqual({ cart: 'tea', a: 1 })
  })
})

describe('a process without the key', () => {
  it('A process without the key does not open an encrypted session, does not show its user, and cannot end it by a swap', async () => {
    const { tab, nodes } = await fleet('strict')
    const session = await tab.open(nodes.plain)
    expect([session.isNew, session.userId]).toEqual([true, undefined])
    await session.regenerate()
    await nodes.plain.commit(session)
    expect((await tab.open(nodes.strict)).data).toEqual({ cart: 'tea' })
  })

  it('A process without the key can end an encrypted session by revoke and revokeAll', async () => {
    const { tab, nodes } = await fleet('strict')
    expect(await nodes.plain.revokeAll('alice')).toBe(1)
    expect((await tab.open(nodes.strict)).isNew).toBe(true)
  })
})
