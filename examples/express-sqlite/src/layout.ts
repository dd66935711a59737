import { type Html, html } from './html.ts'
import { sessionPanel } from './session-panel.ts'
import type { View } from './view.ts'

export function layout(title: string, view: View, content: Html): Html {
  return shell(
    title,
    html`<header class="bar">
      <a class="brand" href="/">The corner shop</a>
      <nav aria-label="Main">${navigation(view)}</nav>
    </header>
    <main id="main" tabindex="-1">
      ${view.messages.map((message) => html`<p class="message" role="status">${message}</p>`)}
      ${content}
    </main>
    ${sessionPanel(view)}`
  )
}

/** A page that needs no session. */
export function shell(title: string, body: Html): Html {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title} · The corner shop</title>
    <link rel="stylesheet" href="/style.css">
    <link rel="icon" href="/favicon.svg" type="image/svg+xml">
  </head>
  <body>
    <a class="skip" href="#main">Skip to the content</a>
    ${body}
  </body>
</html>
`
}

/** A form that shows only its content. */
export function postForm(view: View, action: string, content: Html): Html {
  return html`<form method="post" action="${action}">
    ${view.csrf !== undefined && html`<input type="hidden" name="csrf" value="${view.csrf}">`}
    ${content}
  </form>`
}

function navigation(view: View): Html {
  if (!view.user)
    return html`${link(view, '/', 'Shop')} ${link(view, '/login', 'Log in')} ${link(view, '/signup', 'Sign up')}`
  return html`${link(view, '/', 'Shop')} ${link(view, '/devices', 'My devices')} ${link(view, '/account', 'Account')}
    ${postForm(view, '/logout', html`<button class="plain">Log out</button>`)}`
}

function link(view: View, href: string, label: string): Html {
  return html`<a href="${href}"${view.path === href && html` aria-current="page"`}>${label}</a>`
}
