import { getSession } from '@kvsession/express'
import type { Request, RequestHandler, Response } from 'express'
import type { CrossSiteGuard } from './cross-site.ts'
import type { Html } from './html.ts'
import { layout } from './layout.ts'
import type { Sessions } from './sessions.ts'
import type { User, Users } from './users.ts'
import type { View } from './view.ts'

/** The parts that every page uses. */
export interface Site {
  readonly sessions: Sessions
  readonly users: Users
  readonly guard: CrossSiteGuard
}

export interface Page {
  readonly title: string
  readonly status?: number
  content(view: View): Html
}

/** Sends a page with the messages of earlier requests. */
export async function sendPage(site: Site, request: Request, response: Response, page: Page): Promise<void> {
  const session = getSession(request)
  const messages = session.data.messages ? await session.take('messages') : undefined
  const user = session.userId === undefined ? undefined : site.users.find(session.userId)
  const view: View = {
    session,
    user,
    messages: messages ?? [],
    csrf: user && site.guard.tokenFor(session.tokenId),
    cookieName: site.sessions.policy.cookie.name,
    path: request.path
  }
  // After a logout, neither a cache nor the Back button may show the page again.
  response.set('Cache-Control', 'no-store')
  response
    .status(page.status ?? 200)
    .type('html')
    .send(layout(page.title, view, page.content(view)).toString())
}

/** Passes on logged-in users and redirects others to the login. */
export const requireUser: RequestHandler = (request, response, next) => {
  if (getSession(request).userId === undefined) response.redirect(303, '/login')
  else next()
}

/** The user of a request that {@link requireUser} passed on. */
export function userOf(site: Site, request: Request): User {
  const user = site.users.find(getSession(request).userId ?? '')
  if (!user) throw new Error('The session belongs to a user who does not exist')
  return user
}
