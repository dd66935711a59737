import { describe, expect, it } from 'vitest'
import { createChance } from '../../src/random.ts'
import {
  admit,
  createDevice,
  createGraves,
  createPerson,
  findFault,
  findLoss,
  findUnlisted,
  noteCount,
  noteField
} from '../../src/soak/ledger.ts'

describe('the ledger of a soak', () => {
  const ada = () => createDevice('ada', '1', 'sid=1', 0)

  it('allows the last value acknowledged, and those since of which nobody knows', () => {
    const device = ada()
    noteField(device, 'f', 1, false)
    expect(findLoss(device, {})).toBe(undefined)
    expect(findLoss(device, { f: 1 })).toBe(undefined)
    noteField(device, 'f', 2, true)
    noteField(device, 'f', 3, false)
    expect(findLoss(device, { f: 2 })).toBe(undefined)
    expect(findLoss(device, { f: 3 })).toBe(undefined)
    expect(findLoss(device, { f: 1 })).toBe('an acknowledged change is missing: f is 1, not 2,3')
    expect(findLoss(device, {})).toContain('an acknowledged change is missing')
  })

  it('wants every increment acknowledged, none twice, and no step back', () => {
    const device = ada()
    for (const acknowledged of [true, true, false]) noteCount(device, 'c', acknowledged)
    expect(findLoss(device, { c: 1 })).toBe('an acknowledged increment is missing: c is 1, not 2')
    expect(findLoss(device, { c: 4 })).toBe('an increment counts twice: c is 4, not 2')
    expect(findLoss(device, { c: 2 })).toBe(undefined)
    expect(findLoss(device, { c: 3 })).toBe(undefined)
    expect(findLoss(device, { c: 2 })).toContain('an acknowledged increment is missing')
  })

  it('knows no data that nobody wrote, and no session of somebody else', () => {
    expect(findLoss(ada(), { x: 1 })).toBe('data that nobody wrote: x')
    const body = { user: 'ada', id: '1', data: {}, done: true }
    expect(findFault(ada(), body)).toBe(undefined)
    expect(findFault(ada(), { ...body, user: null })).toBe('somebody was logged out without a reason')
    expect(findFault(ada(), { ...body, id: '2' })).toBe('the session of somebody else was answered')
  })

  it('knows which logins a limit has ended, and what a list must name', () => {
    const person = createPerson('ada')
    const devices = ['1', '2', '3', '4'].map((id) => createDevice('ada', id, `sid=${id}`, 0))
    expect(devices.flatMap((device) => admit(person, device))).toEqual(devices.slice(0, 1))
    expect(findUnlisted(person, ['4', '3', '2'])).toBe(undefined)
    expect(findUnlisted(person, ['4', '3'])).toContain('is missing from the list: 2')
    expect(findUnlisted(person, ['4', '3', '2', '1'])).toBe('a session lives that was ended: 1 is listed')
  })

  it('gives tokens to try again as soon as their time has come', () => {
    const graves = createGraves(createChance(1))
    graves.buryLater('expired', 'sid=guest', 1_000)
    expect(graves.pick(999)).toBe(undefined)
    expect(graves.pick(1_000)).toMatchObject({ cookie: 'sid=guest', why: 'expired' })
    graves.bury('by logout', 'sid=1', 'sid=2')
    expect(graves.all(1_000).map(({ cookie }) => cookie)).toEqual(['sid=guest', 'sid=1', 'sid=2'])
  })
})
