'use server'

import { refresh } from 'next/cache'
import { redirect } from 'next/navigation'
import { sessions } from '../lib/sessions'

export const logIn = sessions.action(async (session, form: FormData) => {
  // Check a password here.
  await session.login(String(form.get('user')))
  redirect('/account')
})

export const addItem = sessions.action(async (session, form: FormData) => {
  const item = String(form.get('item'))
  await session.update((data) => {
    data.items = [...(data.items ?? []), item]
  })
  // An action that sets no cookie does not render the page again by itself.
  refresh()
})

export const logOut = sessions.action(async (session) => {
  await session.destroy()
})
