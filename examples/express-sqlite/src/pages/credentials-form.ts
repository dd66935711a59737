import { type Html, html } from '../html.ts'
import { postForm } from '../layout.ts'
import type { View } from '../view.ts'

/** The reason why a form was refused, and the field to correct; all fields if none is named. */
export interface Problem {
  readonly field?: string
  readonly message: string
}

export interface CredentialsForm {
  readonly action: '/signup' | '/login'
  readonly title: string
  /** The previous input. */
  readonly name: string
  readonly problem: Problem | undefined
}

export const passwordHint = 'At least 8 characters of any kind.'

/** Checks only the length (OWASP ASVS 5.0, 6.2.1, 6.2.5, 6.2.9). A real site also checks leaked passwords (6.2.4). */
export function passwordProblem(password: string, field: string): Problem | undefined {
  const { length } = [...password]
  if (length < 8) return { field, message: 'The password needs at least 8 characters.' }
  return length > 128 ? { field, message: 'The password may have at most 128 characters.' } : undefined
}

export function nameProblem(name: string): Problem | undefined {
  if (/^[a-z0-9][a-z0-9._-]{1,29}$/i.test(name)) return undefined
  return { field: 'name', message: 'A name has 2 to 30 letters, digits, dots, dashes or underscores.' }
}

/** Shown above a form. Its fields refer to it, so that a screen reader reads it with them. */
export function problemNote(problem: Problem | undefined): Html | false {
  return problem !== undefined && html`<p class="problem" id="problem" role="alert">${problem.message}</p>`
}

/** The attributes of a field with an error. */
export function problemMarks(problem: Problem | undefined, field: string): Html | false {
  if (problem === undefined || (problem.field !== undefined && problem.field !== field)) return false
  return html` aria-invalid="true" aria-describedby="problem"`
}

export function credentialsForm(view: View, { action, title, name, problem }: CredentialsForm): Html {
  const isNew = action === '/signup'
  const fields = html`<div class="fields">
    <label for="name">Name</label>
    <input id="name" name="name" value="${name}" required maxlength="30" autocomplete="username" autocapitalize="none"${problemMarks(problem, 'name')}>
    <label for="password">Password</label>
    <input id="password" name="password" type="password" required maxlength="128" autocomplete="${isNew ? 'new' : 'current'}-password"${problemMarks(problem, 'password')}>
    ${isNew && html`<small>${passwordHint}</small>`}
    <label class="check"><input type="checkbox" name="remember" value="1"> Remember me on this device for 31 days</label>
    <button>${title}</button>
  </div>`
  const other = isNew
    ? html`Been here before? <a href="/login">Log in</a>.`
    : html`New here? <a href="/signup">Sign up</a>.`
  return html`<h1>${title}</h1> ${problemNote(problem)} ${postForm(view, action, fields)} <p>${other}</p>`
}
