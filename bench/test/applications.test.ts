import { describe, expect, it } from 'vitest'
import { exchange } from '../src/applications/node-exchange.ts'
import { pairsOf } from '../src/applications/scenario.ts'
import { frameworks, loadLibrary, subjects } from '../src/applications/subjects.ts'

describe.each(frameworks)('The subjects on %s', (framework) => {
  it.each(subjects[framework].filter((name) => name !== 'bare'))(
    `%s on ${framework} finds the session that it created`,
    async (name) => {
      const application = await (await loadLibrary(framework, name))('')
      const cookie = pairsOf(await exchange(application, '/create', ''))
      expect(cookie).toMatch(/^sid=/)
      await exchange(application, '/read', cookie)
      await exchange(application, '/write', cookie)
      await exchange(application, '/read', cookie)
    }
  )
})

describe('A subject', () => {
  it('A subject fails if it reads no session, because otherwise it would be the fastest', async () => {
    const application = await (await loadLibrary('express', 'express-session'))('')
    await expect(exchange(application, '/read', 'sid=unknown')).rejects.toThrow('answered with 500')
    expect(await exchange(application, '/untouched', '')).toEqual([])
  })

  it('A subject with an unknown name is refused', async () => {
    await expect(loadLibrary('koa', 'express-session')).rejects.toThrow('koa has no subject named express-session')
  })
})
