import { describe, expect, it } from 'vitest'
import { type ContentionSubject, contentionSubjects } from '../src/contention.ts'
import { compete } from '../src/contention-run.ts'

const kind = { delay: 0, writers: 8, fields: 'own' } as const

describe('the contention of writers on one session', () => {
  it('counts no update of ours as lost', async () => {
    const { requests, lost } = await compete('ours', subjectNamed('kvsession on Express, data'), kind, 20)
    expect(requests).toBeGreaterThanOrEqual(8)
    expect(lost).toBe(0)
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
