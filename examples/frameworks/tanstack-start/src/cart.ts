import { setTimeout as sleep } from 'node:timers/promises'
import { redirect } from '@tanstack/react-router'
import { createServerFn } from '@tanstack/react-start'

export const getCart = createServerFn().handler(({ context: { session } }) => {
  return { user: session.userId ?? 'stranger', items: session.data.items ?? [] }
})

export const noteVisit = createServerFn().handler(async ({ context: { session } }) => {
  await sleep(100)
  session.data.streamed = true
  return 'noted'
})

export const addItem = createServerFn({ method: 'POST' })
  .validator(field('item'))
  .handler(async ({ data: item, context: { session } }) => {
    await session.update((data) => {
      data.items = [...(data.items ?? []), item]
    })
    throw redirect({ to: '/', statusCode: 303 })
  })

export const logIn = createServerFn({ method: 'POST' })
  .validator(field('user'))
  .handler(async ({ data: user, context: { session } }) => {
    await session.login(user, { keepData: ['items'] })
    throw redirect({ to: '/', statusCode: 303 })
  })

export const failAfterLogin = createServerFn({ method: 'POST' })
  .validator(field('user'))
  .handler(async ({ data: user, context: { session } }) => {
    await session.login(user)
    throw new Error('This function fails after the login')
  })

function field(name: string): (form: FormData) => string {
  return (form) => {
    if (!(form instanceof FormData)) throw new Error('Expected a form')
    return String(form.get(name))
  }
}
