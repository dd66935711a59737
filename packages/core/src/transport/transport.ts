/** How a client sends its token, and how a response returns one: as a cookie, or as a bearer token. */
export interface Transport {
  /** The response header that carries a token. */
  readonly responseHeader: 'Set-Cookie' | 'Session-Token'
  /** The request header that carries one: responses vary with it. */
  readonly requestHeader: 'Cookie' | 'Authorization'
  /** The values that may be tokens, in order. Nothing is decoded. */
  read(credentials: string): readonly string[]
  /** The value of the response header. Without `maxAgeSeconds` the client keeps the token until it ends itself. */
  write(token: string, maxAgeSeconds?: number): string
  /** The value of the response header that makes the client forget its token. */
  clear(): string
}

/** Whether a response header carries a token: no cache may store its response. @param name in any case. */
export function carriesToken(name: string): boolean {
  const lowerName = name.toLowerCase()
  return lowerName === 'set-cookie' || lowerName === 'session-token'
}
