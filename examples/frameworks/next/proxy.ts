import { type NextRequest, NextResponse } from 'next/server'
import { sessions } from './lib/sessions'

/** Sends strangers away early. The page checks again. */
export async function proxy(request: NextRequest): Promise<NextResponse> {
  const { userId } = await sessions.getSession(request)
  return userId === undefined ? NextResponse.redirect(new URL('/', request.url)) : NextResponse.next()
}

export const config = { matcher: '/account/:path*' }
