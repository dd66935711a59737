import { getSession } from '@kvsession/express'
import { type Request, type Response, Router } from 'express'
import { formField } from '../form-field.ts'
import { type Html, html } from '../html.ts'
import { type Site, sendPage } from '../site.ts'
import type { User } from '../users.ts'
import type { View } from '../view.ts'
import { credentialsForm, nameProblem, type Problem, passwordProblem } from './credentials-form.ts'

/** Sign up, log in, log out. */
export function entryPages(site: Site): Router {
  const router = Router()

  router.get('/signup', (request, response) => sendSignup(request, response))

  router.post('/signup', async (request, response) => {
    const name = formField(request, 'name').trim()
    const password = formField(request, 'password')
    const problem = nameProblem(name) ?? passwordProblem(password, 'password')
    if (problem !== undefined) return sendSignup(request, response, name, problem)
    const user = await site.users.create(name, password)
    if (!user)
      return sendSignup(request, response, name, { field: 'name', message: 'That name is taken. Choose another.' })
    await logIn(request, user)
    response.redirect(303, '/')
  })

  router.get('/login', (request, response) => sendLogin(request, response))

  router.post('/login', async (request, response) => {
    const name = formField(request, 'name').trim()
    const user = await site.users.verify(name, formField(request, 'password'))
    if (!user) return sendLogin(request, response, name, { message: 'That name and password do not belong together.' })
    await logIn(request, user)
    response.redirect(303, '/')
  })

  router.post('/logout', async (request, response) => {
    await getSession(request).destroy()
    response.redirect(303, '/login?out')
  })

  function sendSignup(request: Request, response: Response, name = '', problem?: Problem): Promise<void> {
    const content = (view: View) => credentialsForm(view, { action: '/signup', title: 'Sign up', name, problem })
    return sendPage(site, request, response, { title: 'Sign up', status: problem ? 422 : 200, content })
  }

  function sendLogin(request: Request, response: Response, name = '', problem?: Problem): Promise<void> {
    const form = (view: View) => credentialsForm(view, { action: '/login', title: 'Log in', name, problem })
    const content = (view: View) => html`${notice(request)}${form(view)}`
    return sendPage(site, request, response, { title: 'Log in', status: problem ? 401 : 200, content })
  }

  return router
}

/**
 * The session gets a new secret, and the earlier cookie grants no access. Only the visitor's cart is kept, because an
 * attacker may have planted the earlier cookie and its data.
 */
async function logIn(request: Request, user: User): Promise<void> {
  const session = getSession(request)
  await session.login(user.id, { keepData: ['cart'] })
  session.permanent = formField(request, 'remember') !== ''
  session.data.userAgent = request.get('User-Agent')?.slice(0, 200) ?? ''
  session.data.messages = [`Hello, ${user.name}.`]
}

function notice({ query }: Request): Html | false {
  if ('out' in query)
    return html`<p class="message" role="status">You are logged out. The cookie and the record are gone.</p>`
  return 'ended' in query && html`<p class="message" role="status">Your session had ended: nothing was changed.</p>`
}
