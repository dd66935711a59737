import { sessionContext } from '../session.server'
import type { Route } from './+types/session'

export function loader({ context }: Route.LoaderArgs) {
  const { userId = null, data } = context.get(sessionContext)
  const { items = [], streamed = false } = data
  return Response.json({ user: userId, items, streamed })
}
