import { type Html, html } from './html.ts'
import type { View } from './view.ts'

/** Shows the public part of the session, which is safe to show. The secret is only in the cookie. */
export function sessionPanel({ session, user, cookieName }: View): Html {
  const heading = html`<h2 id="session-heading">This session</h2>`
  if (session.isNew || session.detached) {
    return html`<section class="panel" aria-labelledby="session-heading">
      ${heading}
      <p>None yet: no cookie in your browser, nothing in the database. Put something into the cart, or log in.</p>
    </section>`
  }
  return html`<section class="panel" aria-labelledby="session-heading">
    ${heading}
    <dl>
      ${row('Public id', html`<code>${session.id}</code>`, 'Names the record. Opens nothing.')}
      ${row('Token id', html`<code>${session.tokenId}</code>`, 'Changes with the secret: at login, and with the password.')}
      ${row('User', user?.name ?? 'not logged in')}
      ${row('Began', time(session.createdAt))}
      ${row('Ends', time(session.expiresAt), session.permanent ? '31 days after the login.' : 'Two hours after the last use, a day after it began at most.')}
      ${row('Cookie', html`<code>${cookieName}</code>`, session.permanent ? 'Kept when the browser closes.' : 'Gone when the browser closes.')}
    </dl>
  </section>`
}

/** In the server's time zone, which in this demo is also the user's. */
export function time(epoch: number): Html {
  const date = new Date(epoch)
  return html`<time datetime="${date.toISOString()}">${format.format(date)}</time>`
}

const format = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })

function row(term: string, value: Html | string, note?: string): Html {
  return html`<div><dt>${term}</dt><dd>${value}${note && html`<small>${note}</small>`}</dd></div>`
}
