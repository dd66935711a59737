import type { APIRoute } from 'astro'

export const GET: APIRoute = ({ locals: { session } }) => {
  const { items = [], streamed = false } = session.data
  return Response.json({ user: session.userId ?? null, items, streamed })
}
