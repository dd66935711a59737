import type { Session, SessionData, SessionManagerOptions } from '@kvsession/core'
import type { AdapterOptions } from '@kvsession/core/adapter'

/** The options of this package, besides those of core. */
export interface FetchOptions extends AdapterOptions<Request> {
  /**
   * Makes the response for an error of the handler, of the store or of the commit. It carries the cookie of what is already
   * stored, such as a login. Default: the error is thrown on, and no cookie reaches the client: a login that is followed by
   * an error then leaves the visitor without a session.
   */
  onError?(error: unknown, request: Request): Response | Promise<Response>
}

/** The options of core and of this package. */
export interface SessionOptions<Data extends object = SessionData> extends SessionManagerOptions<Data>, FetchOptions {}

/** `rest` is what the framework passes after the request, such as `env` and `ctx` on Cloudflare Workers. */
export type SessionHandler<Data extends object, Incoming extends Request, Rest extends readonly unknown[]> = (
  request: Incoming,
  session: Session<Data>,
  ...rest: Rest
) => Response | Promise<Response>

/** Makes a handler without a session parameter of one that has it. */
export type SessionWrapper<Data extends object> = <Incoming extends Request, Rest extends readonly unknown[]>(
  handler: SessionHandler<Data, Incoming, Rest>
) => (request: Incoming, ...rest: Rest) => Promise<Response>

/** Core refuses options that it does not know. */
export function withoutOnError<Options extends object>(options: Options): Options {
  if (!('onError' in Object(options))) return options
  const others = { ...options }
  Reflect.deleteProperty(others, 'onError')
  return others
}
