import type { RequestHandler } from './$types'

export const POST: RequestHandler = async ({ locals: { session } }) => {
  await session.login('bob')
  throw new Error('This route fails after the login')
}
