'use server'

import { notFound, redirect } from 'next/navigation'
import { sessions } from '../../lib/sessions'

export const stay = sessions.action(async (session, form: FormData) => {
  await session.login(String(form.get('user')))
})

export const goElsewhere = sessions.action(async (session, form: FormData) => {
  await session.login(String(form.get('user')))
  redirect('/session')
})

export const findNothing = sessions.action(async (session, form: FormData) => {
  await session.login(String(form.get('user')))
  notFound()
})

export const fail = sessions.action(async (session, form: FormData) => {
  await session.login(String(form.get('user')))
  throw new Error('This action fails after the login')
})

export const logOut = sessions.action(async (session) => {
  await session.destroy()
})
