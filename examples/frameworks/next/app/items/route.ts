import { sessions } from '../../lib/sessions'

export const POST = sessions.route(async (request, session) => {
  const item = String((await request.formData()).get('item'))
  await session.update((data) => {
    data.items = [...(data.items ?? []), item]
  })
  return Response.json({ ok: true })
})
