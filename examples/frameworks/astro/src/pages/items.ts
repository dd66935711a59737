import type { APIRoute } from 'astro'

export const POST: APIRoute = async ({ locals: { session }, request }) => {
  const item = String((await request.formData()).get('item'))
  await session.update((data) => {
    data.items = [...(data.items ?? []), item]
  })
  return new Response()
}
