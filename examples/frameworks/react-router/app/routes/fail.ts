import { sessionContext } from '../session.server'
import type { Route } from './+types/fail'

export async function action({ context }: Route.ActionArgs) {
  await context.get(sessionContext).login('bob')
  throw new Error('This route fails after the login')
}
