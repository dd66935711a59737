import { expect, test } from 'vitest'
import { createMemoryStore, createSessionManager } from '../../src/index.ts'

test("The handler's Cache-Control is read only when a cookie is sent", async () => {
  const manager = createSessionManager({ store: createMemoryStore(), secret: 'a secret for tests that is long enough' })
  let asked = 0
  const facts = {
    get cacheControl(): string {
      asked++
      return 'private'
    }
  }
  const visitor = await manager.open('')
  expect(visitor.data).toEqual({})
  await manager.commit(visitor, facts)
  expect(asked).toBe(0)

  const writer = await manager.open('')
  writer.data.n = 1
  const { headers } = await manager.commit(writer, facts)
  expect(asked).toBe(1)
  expect(headers.map(([name]) => name)).toEqual(['Set-Cookie', 'Vary'])
})
