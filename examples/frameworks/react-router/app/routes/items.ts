import { sessionContext } from '../session.server'
import type { Route } from './+types/items'

export async function action({ request, context }: Route.ActionArgs) {
  const item = String((await request.formData()).get('item'))
  await context.get(sessionContext).update((data) => {
    data.items = [...(data.items ?? []), item]
  })
  return Response.json({ ok: true })
}
