import type { RequestHandler } from './$types'

export const POST: RequestHandler = async ({ locals: { session }, request }) => {
  await session.login(String((await request.formData()).get('user')))
  return new Response()
}
