import { getSession } from '@kvsession/express'
import { type Request, type Response, Router } from 'express'
import { formField } from '../form-field.ts'
import { type Html, html } from '../html.ts'
import { postForm } from '../layout.ts'
import { requireUser, type Site, sendPage, userOf } from '../site.ts'
import type { View } from '../view.ts'
import { type Problem, passwordHint, passwordProblem, problemMarks, problemNote } from './credentials-form.ts'
import { devices } from './devices.ts'

export function accountPages(site: Site): Router {
  const router = Router()

  router.get('/account', requireUser, (request, response) => sendAccount(request, response))

  router.post('/account/password', requireUser, async (request, response) => {
    const user = userOf(site, request)
    const session = getSession(request)
    const next = formField(request, 'next')
    const problem = passwordProblem(next, 'next')
    if (problem !== undefined) return sendAccount(request, response, problem)
    if (!(await site.users.verify(user.name, formField(request, 'current')))) {
      return sendAccount(request, response, { field: 'current', message: 'The current password is another one.' })
    }
    await site.users.changePassword(user.id, next)
    // An attacker with the old password may have a session, perhaps a copy of this one (OWASP ASVS 5.0, 7.2.4, 7.4.3).
    await session.regenerate()
    const ended = await site.sessions.revokeAll(user.id, { except: session.id })
    session.data.messages = [`The password is changed. Logged out elsewhere: ${devices(ended)}.`]
    response.redirect(303, '/account')
  })

  function sendAccount(request: Request, response: Response, problem?: Problem): Promise<void> {
    const content = (view: View) => account(view, problem)
    return sendPage(site, request, response, { title: 'Account', status: problem ? 422 : 200, content })
  }

  return router
}

function account(view: View, problem: Problem | undefined): Html {
  return html`<h1>Your account, ${view.user?.name}</h1>
    <h2>Change the password</h2>
    <p>This session gets a new secret, and you are logged out everywhere else.</p>
    ${problemNote(problem)}
    ${postForm(
      view,
      '/account/password',
      html`<div class="fields">
      <input hidden name="name" value="${view.user?.name}" autocomplete="username">
      <label for="current">Current password</label>
      <input id="current" name="current" type="password" required maxlength="128" autocomplete="current-password"${problemMarks(problem, 'current')}>
      <label for="next">New password</label>
      <input id="next" name="next" type="password" required maxlength="128" autocomplete="new-password"${problemMarks(problem, 'next')}>
      <small>${passwordHint}</small>
      <button>Change password</button>
      </div>`
    )}`
}
