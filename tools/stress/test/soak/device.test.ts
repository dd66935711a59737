import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/random.ts'
import {
  addDevice,
  checkData,
  checkIdentity,
  checkList,
  createDevice,
  createUser,
  noteCount,
  noteField
} from './device.ts'
import { createEndedTokens } from './ended-tokens.ts'

describe('what a soak knows of a device', () => {
  const ada = () => createDevice('ada', '1', 'sid=1')

  it('A field may have the last value acknowledged, and later ones without an answer', () => {
    const device = ada()
    noteField(device, 'f', 1, false)
    expect(checkData(device, {})).toBe(undefined)
    expect(checkData(device, { f: 1 })).toBe(undefined)
    noteField(device, 'f', 2, true)
    noteField(device, 'f', 3, false)
    expect(checkData(device, { f: 2 })).toBe(undefined)
    expect(checkData(device, { f: 3 })).toBe(undefined)
    expect(checkData(device, { f: 1 })).toBe('an acknowledged change is missing: f is 1, not 2,3')
    expect(checkData(device, {})).toContain('an acknowledged change is missing')
  })

  it('A counter has every acknowledged increment, none twice, and never goes back', () => {
    const device = ada()
    for (const isAcknowledged of [true, true, false]) noteCount(device, 'c', isAcknowledged)
    expect(checkData(device, { c: 1 })).toBe('an acknowledged increment is missing: c is 1, not 2')
    expect(checkData(device, { c: 4 })).toBe('an increment counts twice: c is 4, not 2')
    expect(checkData(device, { c: 2 })).toBe(undefined)
    expect(checkData(device, { c: 3 })).toBe(undefined)
    expect(checkData(device, { c: 2 })).toContain('an acknowledged increment is missing')
  })

  it('Data that was never written and the session of another user are violations', () => {
    expect(checkData(ada(), { x: 1 })).toBe('data that was never written: x')
    const body = { user: 'ada', id: '1', data: {}, result: true }
    expect(checkIdentity(ada(), body)).toBe(undefined)
    expect(checkIdentity(ada(), { ...body, user: null })).toBe('a user was logged out without a reason')
    expect(checkIdentity(ada(), { ...body, id: '2' })).toBe('the session of another user was answered')
  })

  it('A login beyond the limit ends the oldest, and a list must name the others', () => {
    const user = createUser('ada')
    const devices = ['1', '2', '3', '4'].map((id) => createDevice('ada', id, `sid=${id}`))
    expect(devices.flatMap((device) => addDevice(user, device))).toEqual(devices.slice(0, 1))
    expect(checkList(user, ['4', '3', '2'])).toBe(undefined)
    expect(checkList(user, ['4', '3'])).toContain('is missing from the list: 2')
    expect(checkList(user, ['4', '3', '2', '1'])).toBe('a session is live that was ended: 1 is listed')
  })

  it('A token that expires counts as ended from that time on', () => {
    const ended = createEndedTokens(createRandom(1))
    ended.addFrom(1_000, 'expired', 'sid=guest')
    expect(ended.pick(999)).toBe(undefined)
    expect(ended.pick(1_000)).toMatchObject({ cookie: 'sid=guest', why: 'expired' })
    ended.add('by logout', 'sid=1', 'sid=2')
    expect(ended.all(1_000).map(({ cookie }) => cookie)).toEqual(['sid=guest', 'sid=1', 'sid=2'])
  })
})
