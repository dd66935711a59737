/** The part of a response that this package uses. Node's `http` and its http/2 compatibility API both have it. */
export interface ServerResponse {
  statusCode: number
  statusMessage?: string
  readonly headersSent: boolean
  destroy(): unknown
  write(...args: unknown[]): unknown
  end(...args: unknown[]): unknown
  writeHead(...args: unknown[]): unknown
  flushHeaders(...args: unknown[]): unknown
  getHeader(name: string): number | string | readonly string[] | undefined
  getHeaderNames(): readonly string[]
  setHeader(name: string, value: string | readonly string[]): unknown
  appendHeader(name: string, value: string | readonly string[]): unknown
  removeHeader(name: string): unknown
  on(event: string, listener: (...args: unknown[]) => void): unknown
  emit(event: string): unknown
  rawListeners(event: string): readonly unknown[]
}

/** False for `{}` and for the response stubs that servers pass on an upgrade. */
export function isServerResponse(value: object): value is ServerResponse {
  return (
    'on' in value &&
    typeof value.on === 'function' &&
    'flushHeaders' in value &&
    typeof value.flushHeaders === 'function' &&
    'appendHeader' in value &&
    typeof value.appendHeader === 'function' &&
    'headersSent' in value &&
    typeof value.headersSent === 'boolean'
  )
}

/** Applies the arguments of `writeHead` as ordinary headers, so that ours can still be added. */
export function applyHead(response: ServerResponse, args: readonly unknown[]): void {
  const [status, second, third] = args
  if (typeof status === 'number') response.statusCode = status
  const fields = new Map<string, { readonly name: string; readonly values: string[]; readonly value: unknown }>()
  for (const [name, value] of pairsOf(typeof second === 'string' ? third : (third ?? second))) {
    const values = Array.isArray(value) ? value.map(String) : [String(value)]
    const earlier = fields.get(name.toLowerCase())
    if (earlier) earlier.values.push(...values)
    else fields.set(name.toLowerCase(), { name, values, value })
  }
  for (const { name, values, value } of fields.values()) {
    const [only] = values
    const single = values.length === 1 && only !== undefined && !Array.isArray(value)
    // Node refuses undefined and accepts anything else; so do we.
    if (value === undefined) Reflect.apply(response.setHeader, response, [name, value])
    else response.setHeader(name, single ? only : values)
  }
}

/** An object, a flat list of names and values, or a list of pairs. */
function pairsOf(headers: unknown): (readonly [string, unknown])[] {
  if (typeof headers !== 'object' || headers === null) return []
  if (!Array.isArray(headers)) return Object.entries(headers)
  const flat: readonly unknown[] = Array.isArray(headers[0]) ? headers.flat(1) : headers
  if (flat.length % 2 !== 0) throw new TypeError('writeHead() takes alternating names and values')
  return Array.from({ length: flat.length / 2 }, (_, index) => [String(flat[2 * index]), flat[2 * index + 1]])
}

/** Reads a response header as a string. */
export function readHeader(response: ServerResponse, name: string): string | undefined {
  const value = response.getHeader(name)
  return value === undefined ? undefined : String(value)
}
