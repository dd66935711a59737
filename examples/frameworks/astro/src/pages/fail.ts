import type { APIRoute } from 'astro'

export const POST: APIRoute = async ({ locals: { session } }) => {
  await session.login('bob')
  throw new Error('This route fails after the login')
}
