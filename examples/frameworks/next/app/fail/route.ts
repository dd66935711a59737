import { sessions } from '../../lib/sessions'

export const POST = sessions.route(async (_request, session) => {
  await session.login('bob')
  throw new Error('This route fails after the login')
})
