/** Finished response headers, in order. */
export type HeaderList = readonly (readonly [name: string, value: string])[]

/** A web `Headers`, or anything with the header methods of a Node response. */
export type HeaderTarget = WebHeaders | NodeHeaders

interface WebHeaders {
  get(name: string): string | null
  set(name: string, value: string): void
  append(name: string, value: string): void
  delete(name: string): void
  getSetCookie(): string[]
}

interface NodeHeaders {
  getHeader(name: string): number | string | readonly string[] | undefined
  setHeader(name: string, value: string | readonly string[]): unknown
}

/**
 * Puts `headers` into `target`: a `Set-Cookie` replaces an earlier one of the same name (or of `cookieName`) and leaves
 * all others, `Vary` is merged once, everything else is set.
 */
export function applyHeaders(headers: HeaderList, target: HeaderTarget, cookieName?: string): void {
  for (const [name, value] of headers) {
    const lowerName = name.toLowerCase()
    if (lowerName === 'set-cookie') addCookie(target, value, cookieName)
    else set(target, name, lowerName === 'vary' ? mergeVary(current(target, name), value) : value)
  }
}

function addCookie(target: HeaderTarget, cookie: string, cookieName: string | undefined): void {
  const earlier = 'getHeader' in target ? current(target, 'Set-Cookie') : target.getSetCookie()
  const others = earlier.filter((one) => nameOf(one) !== nameOf(cookie) && nameOf(one) !== cookieName)
  if ('getHeader' in target) {
    target.setHeader('Set-Cookie', [...others, cookie])
    return
  }
  if (others.length < earlier.length) {
    target.delete('Set-Cookie')
    for (const other of others) target.append('Set-Cookie', other)
  }
  target.append('Set-Cookie', cookie)
}

function nameOf(cookie: string): string {
  return cookie.split('=', 1).join('').trim()
}

function mergeVary(earlier: readonly string[], added: string): string {
  if (earlier.length === 0) return added
  const existing = earlier.join(', ')
  const fields = split(existing)
  const lower = fields.map((field) => field.toLowerCase())
  if (lower.includes('*')) return existing
  return [...fields, ...split(added).filter((field) => !lower.includes(field.toLowerCase()))].join(', ')
}

function split(list: string): string[] {
  return list
    .split(',')
    .map((field) => field.trim())
    .filter((field) => field !== '')
}

function current(target: HeaderTarget, name: string): readonly string[] {
  const value = 'getHeader' in target ? target.getHeader(name) : target.get(name)
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [String(value)]
}

function set(target: HeaderTarget, name: string, value: string): void {
  if ('getHeader' in target) target.setHeader(name, value)
  else target.set(name, value)
}
