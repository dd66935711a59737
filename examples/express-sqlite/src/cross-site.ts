import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { getSession } from '@kvsession/express'
import type { Request, RequestHandler } from 'express'
import { formField } from './form-field.ts'
import { createHttpError } from './http-error.ts'

export interface CrossSiteGuard {
  /** The token for the forms of a logged-in user: valid for this session, until its secret changes. */
  tokenFor(tokenId: string): string
  /** Refuses requests that another site made a browser send (OWASP CSRF Prevention Cheat Sheet). */
  readonly check: RequestHandler
}

/**
 * Two checks. First, the browser must not report that a form came from another site, which also protects the login, before
 * a session exists. Second, a user's forms carry a MAC of `session.tokenId`, which changes at login and with the password,
 * so an earlier token is useless afterwards.
 */
export function createCrossSiteGuard(secret: string | string[]): CrossSiteGuard {
  const key = Buffer.from(hkdfSync('sha256', String(secret), '', 'express-sqlite csrf', 32))
  const tokenFor = (tokenId: string): string => createHmac('sha256', key).update(tokenId).digest('base64url')

  return {
    tokenFor,
    check(request, _response, next) {
      if (request.method === 'GET' || request.method === 'HEAD') return next()
      if (!isOwnOrigin(request)) {
        return next(createHttpError(403, 'This form came from another site', 'Nothing was changed.'))
      }
      const { userId, tokenId } = getSession(request)
      if (userId !== undefined && !equal(formField(request, 'csrf'), tokenFor(tokenId))) {
        const advice = 'You have logged in or changed your password since it was loaded. Nothing was changed.'
        return next(createHttpError(403, 'This form is out of date', advice))
      }
      next()
    }
  }
}

/** Current browsers report the origin of a request; a client without the header is not a browser. */
function isOwnOrigin(request: Request): boolean {
  const site = request.get('Sec-Fetch-Site')
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const origin = request.get('Origin')
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === request.get('Host'))
}

function equal(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
