import { describe, expect, it } from 'vitest'
import { type ContentionSubject, contentionSubjects } from '../src/applications/contention.ts'
import { compete } from '../src/sections/contention.ts'

const writers = 8
/** Every writer sends one request. */
const once = 0

describe('The contention of writers on one session', () => {
  it.each(['kvsession, data', 'kvsession, update()'])('Contention loses no update of %s', async (name) => {
    const { requests, lost } = await compete(subjectNamed(name), { writers, field: 'own' }, 20)
    expect(requests).toBeGreaterThanOrEqual(8)
    expect(lost).toBe(0)
  })

  it('All updates but one are lost if every writer reads before the first write', async () => {
    const found = await compete(subjectNamed('express-session'), { writers, field: 'own' }, once)
    expect(found).toMatchObject({ requests: 8, lost: 7 })
  })

  it('No update of a shared counter is lost with update()', async () => {
    const found = await compete(subjectNamed('kvsession, update()'), { writers, field: 'one' }, once)
    expect(found).toMatchObject({ requests: 8, lost: 0 })
  })

  it('An update that was answered but not stored counts as lost', async () => {
    const working = subjectNamed('kvsession, update()')
    let answered = 0
    const losing: ContentionSubject = {
      ...working,
      add: (field, cookie) => (answered++ % 2 === 1 ? Promise.resolve([]) : working.add(field, cookie))
    }
    const { requests, lost } = await compete(losing, { writers, field: 'own' }, once)
    expect(lost).toBe(Math.ceil(requests / 2))
  })
})

function subjectNamed(name: string): ContentionSubject {
  const make = contentionSubjects[name]
  if (!make) throw new Error(`No subject is named ${name}`)
  return make(0)
}
