import { describe, expect, it } from 'vitest'
import { type ContentionSubject, contentionSubjects } from '../src/contention.ts'
import { compete } from '../src/contention-run.ts'

const kind = { delay: 0, writers: 8, fields: 'own' } as const
/** Every writer sends one request. */
const once = 0

describe('the contention of writers on one session', () => {
  it.each(['kvsession on Express, data', 'kvsession on Express, update()', 'kvsession on Koa, data'])(
    'counts no update of %s as lost',
    async (name) => {
      const { requests, lost } = await compete(name, subjectNamed(name), kind, 20)
      expect(requests).toBeGreaterThanOrEqual(8)
      expect(lost).toBe(0)
    }
  )

  it('counts all but one as lost where all read before one has written', async () => {
    const { requests, lost, retries } = await compete('peer', subjectNamed('express-session'), kind, once)
    expect({ requests, lost, retries }).toEqual({ requests: 8, lost: 7, retries: undefined })
  })

  it('counts every update of one counter', async () => {
    const found = await compete(
      'ours',
      subjectNamed('kvsession on Express, update()'),
      { ...kind, fields: 'one' },
      once
    )
    expect(found).toMatchObject({ requests: 8, lost: 0 })
  })

  it('counts what a subject answers as stored and does not store', async () => {
    const honest = subjectNamed('kvsession on Express, update()')
    let answered = 0
    const forgetful: ContentionSubject = {
      ...honest,
      add: (field, cookie) => (answered++ % 2 === 1 ? Promise.resolve([]) : honest.add(field, cookie))
    }
    const { requests, lost } = await compete('forgetful', forgetful, kind, 20)
    expect(lost).toBe(Math.ceil(requests / 2))
  })
})

function subjectNamed(name: string): ContentionSubject {
  const make = contentionSubjects[name]
  if (!make) throw new Error(`No subject is called ${name}`)
  return make(kind.delay)
}
