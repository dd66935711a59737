import { applyHeaders, type HeaderList } from '@kvsession/core'

/** The part of a Koa context that this file uses. */
export interface ErrorContext {
  onerror(error: Error): void
}

/**
 * Adds `headers` to the error response of this request. Koa's error handler replaces all headers with those of
 * `error.headers`. Ours are set there only while it runs, because an error object may be logged, or thrown again for
 * another visitor.
 */
export function addErrorHeaders(ctx: ErrorContext, headers: HeaderList): void {
  const { onerror } = ctx
  ctx.onerror = (thrown: unknown) => {
    if (thrown === null || thrown === undefined) return
    const error = isError(thrown)
      ? thrown
      : new Error('A middleware threw a value that is not an Error', { cause: thrown })
    const before = Reflect.getOwnPropertyDescriptor(error, 'headers')
    const fields: Record<string, HeaderValue> = { ...headersOf(error) }
    applyHeaders(headers, targetOf(fields))
    Reflect.defineProperty(error, 'headers', { value: fields, configurable: true, writable: true })
    try {
      onerror.call(ctx, error)
    } finally {
      if (before) Reflect.defineProperty(error, 'headers', before)
      else Reflect.deleteProperty(error, 'headers')
    }
  }
}

/** The same rule as Koa's: an error from another realm counts as an error. */
function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || Object.prototype.toString.call(thrown) === '[object Error]'
}

type HeaderValue = string | readonly string[]

function headersOf(error: Error): object | undefined {
  return 'headers' in error && typeof error.headers === 'object' && error.headers !== null ? error.headers : undefined
}

function targetOf(fields: Record<string, HeaderValue>): {
  getHeader(name: string): HeaderValue | undefined
  setHeader(name: string, value: HeaderValue): void
  getHeaderNames(): readonly string[]
} {
  const spellingOf = (name: string): string =>
    Object.keys(fields).find((key) => key.toLowerCase() === name.toLowerCase()) ?? name
  return {
    getHeader: (name) => fields[spellingOf(name)],
    setHeader: (name, value) => {
      fields[spellingOf(name)] = value
    },
    getHeaderNames: () => Object.keys(fields)
  }
}
