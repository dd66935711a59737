import { error, redirect } from '@sveltejs/kit'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = ({ locals: { session } }) => ({
  user: session.userId ?? null,
  items: session.data.items ?? []
})

export const actions: Actions = {
  login: async ({ locals: { session }, request }) => {
    const user = String((await request.formData()).get('user'))
    await session.login(user)
    // The response of error() carries the cookie of the login too.
    if (user === 'mallory') error(403, 'This user may not enter')
    redirect(303, '/')
  },
  logout: async ({ locals: { session } }) => {
    await session.destroy()
    redirect(303, '/')
  }
}
