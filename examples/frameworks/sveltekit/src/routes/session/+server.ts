import type { RequestHandler } from './$types'

export const GET: RequestHandler = ({ locals: { session } }) => {
  const { items = [], streamed = false } = session.data
  return Response.json({ user: session.userId ?? null, items, streamed })
}
