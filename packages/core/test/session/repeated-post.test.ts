import { expect, it, vi } from 'vitest'
import type { SessionData } from '../../src/index.ts'
import { createFixture, createGate } from '../support/fixture.ts'

/** As docs/operations.md advises: the key of the form is stored by the same write as the effect of the form. */
function addOnce(formKey: string): (data: SessionData) => void {
  return (data) => {
    const done = Array.isArray(data.done) ? data.done : []
    if (done.includes(formKey)) return
    data.items = Number(data.items) + 1
    data.done = [...done, formKey].slice(-20)
  }
}

/** A form is sent, its write is stored or not, the confirmation is lost, and another request writes before core reads again. */
async function sendInDoubt(fault: 'error-before' | 'error-after') {
  const { browser, store, another } = createFixture()
  const tab = browser()
  await tab.request(({ data }) => Object.assign(data, { items: 0 }))
  const [lost, other] = [await tab.open(), await another().open(tab.cookie)]
  const { gate, open } = createGate()
  let seen = 0
  store.break(() => {
    seen++
    if (seen === 1) return fault
    return seen === 2 ? { gate } : undefined
  })
  const pending = lost.update(addOnce('form 1'))
  await vi.waitUntil(() => seen === 2)
  await other.update((data) => Object.assign(data, { other: true }))
  open()
  await expect(pending).rejects.toMatchObject({ code: 'STORE_OUTCOME_UNKNOWN' })
  return tab
}

it.each(['error-before', 'error-after'] as const)(
  'A form that is sent again after an unknown outcome (%s) counts once if its key is stored with its effect',
  async (fault) => {
    const tab = await sendInDoubt(fault)
    await tab.request((session) => session.update(addOnce('form 1')))
    await tab.request((session) => session.update(addOnce('form 1')))
    expect((await tab.open()).data).toEqual({ items: 1, done: ['form 1'], other: true })
  }
)
