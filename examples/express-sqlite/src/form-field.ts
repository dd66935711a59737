import type { Request } from 'express'

/** One field of a submitted form; an empty string if it is missing or sent twice. */
export function formField(request: Request, name: string): string {
  const body: unknown = request.body
  const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined
  return typeof value === 'string' ? value : ''
}
