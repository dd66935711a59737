import type { Transport } from './transport.ts'

/** RFC 6750 §2.1: the scheme in any case, spaces, one token. Two tokens in one header are none. */
const credentials = /^bearer +([\w.~+/-]+=*)$/i

/**
 * The token as `Authorization: Bearer …` in, `Session-Token` out: for clients that are not browsers, which keep it
 * themselves. An empty `Session-Token` ends it.
 */
export const bearerTransport: Transport = Object.freeze({
  responseHeader: 'Session-Token',
  requestHeader: 'Authorization',
  read(header: string): readonly string[] {
    const token = credentials.exec(header)?.[1]
    return token === undefined ? [] : [token]
  },
  write: (token: string) => token,
  clear: () => ''
})
