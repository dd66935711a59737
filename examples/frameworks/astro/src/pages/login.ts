import type { APIRoute } from 'astro'

export const POST: APIRoute = async ({ locals: { session }, request }) => {
  await session.login(String((await request.formData()).get('user')))
  return new Response()
}
