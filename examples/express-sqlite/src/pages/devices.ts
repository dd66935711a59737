import type { SessionInfo } from '@kvsession/core'
import { getSession } from '@kvsession/express'
import { Router } from 'express'
import { describeDevice } from '../device.ts'
import { formField } from '../form-field.ts'
import { type Html, html } from '../html.ts'
import { postForm } from '../layout.ts'
import { time } from '../session-panel.ts'
import type { ShopData } from '../sessions.ts'
import { requireUser, type Site, sendPage, userOf } from '../site.ts'
import type { View } from '../view.ts'

/** Lists the sessions of the user and ends them (OWASP ASVS 5.0, 7.5.2). */
export function devicePages(site: Site): Router {
  const { sessions } = site
  const router = Router()

  router.get('/devices', requireUser, async (request, response) => {
    const devices = await sessions.list({ userId: userOf(site, request).id })
    await sendPage(site, request, response, { title: 'My devices', content: (view) => list(view, devices) })
  })

  router.post('/devices/revoke', requireUser, async (request, response) => {
    // With the user id, because a session id alone would allow ending the session of another user.
    const ended = await sessions.revoke(formField(request, 'id'), { userId: userOf(site, request).id })
    const { data } = getSession(request)
    data.messages = [ended ? 'That device is logged out.' : 'That device was logged out already.']
    response.redirect(303, '/devices')
  })

  router.post('/devices/revoke-others', requireUser, async (request, response) => {
    const session = getSession(request)
    const ended = await sessions.revokeAll(userOf(site, request).id, { except: session.id })
    session.data.messages = [`Logged out everywhere else: ${devices(ended)}.`]
    response.redirect(303, '/devices')
  })

  return router
}

/** `1 device`, `2 devices`. */
export function devices(count: number): string {
  return count === 1 ? '1 device' : `${count} devices`
}

function list(view: View, found: readonly SessionInfo<ShopData>[]): Html {
  return html`<h1>My devices</h1>
    <p>You are logged in on ${devices(found.length)}.</p>
    <ul class="rows devices">${found.map((device) => item(view, device))}</ul>
    ${found.length > 1 && postForm(view, '/devices/revoke-others', html`<button>Log out everywhere else</button>`)}`
}

function item(view: View, { id, data, lastSeenAt, createdAt, permanent }: SessionInfo<ShopData>): Html {
  const name = describeDevice(data.userAgent)
  const logOut = html`<input type="hidden" name="id" value="${id}">
    <button class="plain" aria-label="Log out ${name}, ${id.slice(0, 8)}">Log out this one</button>`
  return html`<li>
    <div class="grow">
      <strong>${name}</strong>${permanent && html` <span class="tag">remembered</span>`}
      <small>
        Logged in ${time(createdAt)}, last seen ${time(lastSeenAt)}, <code>${id.slice(0, 8)}…</code>
      </small>
    </div>
    ${id === view.session.id ? html`<span class="tag">this device</span>` : postForm(view, '/devices/revoke', logOut)}
  </li>`
}
