import type { PageServerLoad } from './$types'

/** The two requests stay within the server, and share the session of the request for the page. */
export const load: PageServerLoad = async ({ fetch, locals: { session } }) => {
  await Promise.all(
    ['apple', 'pear'].map((item) => fetch('/items', { method: 'POST', body: new URLSearchParams({ item }) }))
  )
  return { items: session.data.items ?? [] }
}
