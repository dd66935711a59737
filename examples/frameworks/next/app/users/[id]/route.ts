import { notFound, redirect } from 'next/navigation'
import { sessions } from '../../../lib/sessions'

type Context = RouteContext<'/users/[id]'>

export const GET = sessions.route(async (_request: Request, session, { params }: Context) => {
  const { id } = await params
  if (session.userId !== id) notFound()
  return Response.json({ user: session.userId })
})

/** Logs in, and ends by an error of Next.js: the tests look for the cookie. */
export const POST = sessions.route(async (request: Request, session, { params }: Context) => {
  const { id } = await params
  await session.login(String((await request.formData()).get('user')))
  if (id === 'alice') notFound()
  redirect(`/users/${id}`)
})
