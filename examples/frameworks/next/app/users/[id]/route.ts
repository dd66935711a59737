import { notFound } from 'next/navigation'
import { sessions } from '../../../lib/sessions'

export const GET = sessions.route(async (_request: Request, session, { params }: RouteContext<'/users/[id]'>) => {
  const { id } = await params
  if (session.userId !== id) notFound()
  return Response.json({ user: session.userId })
})
