import { sessions } from '../../lib/sessions'

export const POST = sessions.route(async (request, session) => {
  const form = await request.formData()
  await session.login(String(form.get('user')))
  return Response.json({ ok: true })
})
