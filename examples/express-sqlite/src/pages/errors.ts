import { isSessionError } from '@kvsession/core'
import type { ErrorRequestHandler, RequestHandler } from 'express'
import { html } from '../html.ts'
import { createHttpError, isHttpError } from '../http-error.ts'
import { shell } from '../layout.ts'

export const notFound: RequestHandler = (_request, _response, next) => {
  next(createHttpError(404, 'There is no such page', 'The address may be mistyped.'))
}

/** Rendered without the session, which may have failed. Express recognizes an error handler by its four parameters. */
export const sendError: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
  const { status, message, advice } = describe(error)
  if (status >= 500) console.error(error)
  const body = html`<header class="bar"><a class="brand" href="/">The corner shop</a></header>
    <main id="main" tabindex="-1">
      <h1>${message}</h1>
      <p>${advice}</p>
      <p><a href="/">Back to the shop</a></p>
    </main>`
  response.status(status).set('Cache-Control', 'no-store').type('html').send(shell(message, body).toString())
}

function describe(error: unknown): { status: number; message: string; advice: string } {
  if (isHttpError(error)) return error
  if (isSessionError(error) && error.status === 503) {
    return { status: 503, message: 'Please try again', advice: 'Sessions are out of reach. You are still logged in.' }
  }
  const status: unknown = error instanceof Error ? Reflect.get(error, 'status') : undefined
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return { status, message: 'That request made no sense', advice: 'Nothing was changed.' }
  }
  return { status: 500, message: 'Something went wrong', advice: 'The terminal says what.' }
}
