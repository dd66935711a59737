import { describe, expect, it } from 'vitest'
import { type ContentionSubject, contentionSubjects } from '../src/applications/contention.ts'
import { compete } from '../src/sections/contention.ts'

const writers = 8
/** Every writer sends one request. */
const once = 0

describe('The contention of writers on one session', () => {
  it.each(['kvsession, data', 'kvsession, update()'])('counts no update of %s as lost', async (name) => {
    const { requests, lost } = await compete(subjectNamed(name), { writers, field: 'own' }, 20)
    expect(requests).toBeGreaterThanOrEqual(8)
    expect(lost).toBe(0)
  })

  it('counts all updates but one as lost if every writer reads before one has written', async () => {
    const found = await compete(subjectNamed('express-session'), { writers, field: 'own' }, once)
    expect(found).toMatchObject({ requests: 8, lost: 7 })
  })

  it('counts every update of one counter', async () => {
    const found = await compete(subjectNamed('kvsession, update()'), { writers, field: 'one' }, once)
    expect(found).toMatchObject({ requests: 8, lost: 0 })
  })

  it('counts an update that is answered and not stored', async () => {
    const honest = subjectNamed('kvsession, update()')
    let answered = 0
    const forgetful: ContentionSubject = {
      ...honest,
      add: (field, cookie) => (answered++ % 2 === 1 ? Promise.resolve([]) : honest.add(field, cookie))
    }
    const { requests, lost } = await compete(forgetful, { writers, field: 'own' }, once)
    expect(lost).toBe(Math.ceil(requests / 2))
  })
})

function subjectNamed(name: string): ContentionSubject {
  const make = contentionSubjects[name]
  if (!make) throw new Error(`No subject is named ${name}`)
  return make(0)
}
