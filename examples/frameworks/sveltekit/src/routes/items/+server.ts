import type { RequestHandler } from './$types'

export const POST: RequestHandler = async ({ locals: { session }, request }) => {
  const item = String((await request.formData()).get('item'))
  await session.update((data) => {
    data.items = [...(data.items ?? []), item]
  })
  return new Response()
}
