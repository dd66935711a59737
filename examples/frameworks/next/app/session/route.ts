import { sessions } from '../../lib/sessions'

export const GET = sessions.route((_request, { userId, data, lastSeenAt }) => {
  const { items = [], streamed = false } = data
  return Response.json({ user: userId ?? null, items, streamed, lastSeenAt })
})
