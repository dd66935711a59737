import { describe, expect, it } from 'vitest'
import { applicationsOf } from '../src/applications.ts'
import { pairsOf } from '../src/cell.ts'

describe.each(['express', 'koa', 'hono', 'fastify'] as const)('the subjects on %s', async (framework) => {
  const makers = Object.entries(await applicationsOf(framework)).filter(([name]) => name !== 'bare')

  it.each(makers)('%s finds the session that it made', async (name, make) => {
    const application = await make()
    // iron-session refuses to make a cookie that no browser would keep.
    for (const size of name === 'iron-session' ? ['300B'] : ['300B', '4kB']) {
      const cookie = pairsOf(await application.request(`/create/${size}`, ''))
      expect(cookie).toMatch(/^sid=/)
      await application.request('/read', cookie)
      await application.request('/write', cookie)
      await application.request('/read', cookie)
    }
  })
})

describe('a subject', () => {
  it('fails where it reads a session that is not there: it would be a fast one', async () => {
    const make = (await applicationsOf('express'))['express-session']
    const application = await make?.()
    await expect(application?.request('/read', 'sid=unknown')).rejects.toThrow('answered with 500')
    expect(await application?.request('/untouched', '')).toEqual([])
  })
})
