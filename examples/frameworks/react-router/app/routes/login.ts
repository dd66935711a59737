import { redirect } from 'react-router'
import { sessionContext } from '../session.server'
import type { Route } from './+types/login'

export async function action({ request, context }: Route.ActionArgs) {
  const form = await request.formData()
  await context.get(sessionContext).login(String(form.get('user')), { keepData: ['items'] })
  return redirect('/')
}
