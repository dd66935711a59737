/** The headers of a response that carry tokens. */
export interface TokenFields {
  readonly setCookies: readonly string[]
  /** `Session-Token`; `undefined`: the response has none. */
  readonly token: string | undefined
}

/** How a client of the tests sends and receives tokens. */
export interface ClientTransport {
  /** The `Set-Cookie` values for the jar. */
  readSetCookies(fields: TokenFields): readonly string[]
  /** The headers that carry these cookies. */
  credentials(cookie: string): Readonly<Record<string, string>>
}

/** With `bearer`, the jar keeps the token as a cookie named `sid`, so that a test need not know how it is sent. */
export const clientTransports: Readonly<Record<'cookie' | 'bearer', ClientTransport>> = {
  cookie: {
    readSetCookies: ({ setCookies }) => setCookies,
    credentials: (cookie) => (cookie === '' ? {} : { cookie })
  },
  bearer: {
    readSetCookies({ setCookies, token }) {
      if (token === undefined) return setCookies
      return [...setCookies, token === '' ? 'sid=; Max-Age=0; Path=/' : `sid=${token}; Path=/`]
    },
    credentials(cookie) {
      const pairs = cookie.split('; ').filter((pair) => pair !== '')
      const [token] = pairs.filter(isToken)
      const others = pairs.filter((pair) => !isToken(pair)).join('; ')
      return {
        ...(others !== '' && { cookie: others }),
        ...(token !== undefined && { authorization: `Bearer ${token.replace(/^[^=]*=/, '')}` })
      }
    }
  }
}

function isToken(pair: string): boolean {
  return /^(?:__Host-)?sid=/.test(pair)
}
