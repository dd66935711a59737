import { SessionError } from '@kvsession/core'

/** Session data that a page may read, but not change. */
export type ReadonlyData<Value> = Value extends (infer Item)[]
  ? readonly ReadonlyData<Item>[]
  : Value extends Map<infer Key, infer Item>
    ? ReadonlyMap<Key, ReadonlyData<Item>>
    : Value extends Set<infer Item>
      ? ReadonlySet<ReadonlyData<Item>>
      : Value extends Date | URL | RegExp | ArrayBufferView
        ? Value
        : Value extends object
          ? { readonly [Key in keyof Value]: ReadonlyData<Value[Key]> }
          : Value

const guards = new WeakMap<object, object>()

/** `value` as an object whose every change, at any depth, throws {@link refuseChange}'s error. */
export function readOnly<Value extends object>(value: Value): ReadonlyData<Value> {
  return guard(value) as ReadonlyData<Value>
}

/** @throws SessionError `HEADERS_SENT` */
export function refuseChange(): never {
  throw new SessionError(
    'HEADERS_SENT',
    'The session of getSession() can only be read: no cookie can be set while Next.js renders a page or runs proxy.ts. ' +
      'Change the session in a server action or in a route handler'
  )
}

function guard(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const known = guards.get(value)
  if (known) return known
  const guarded = new Proxy(value, handler)
  guards.set(value, guarded)
  return guarded
}

const handler: ProxyHandler<object> = {
  get(target, key) {
    const value: unknown = Reflect.get(target, key)
    if (typeof value !== 'function' || isPlain(target)) return guard(value)
    return guardMethod(target, key, value)
  },
  set: refuseChange,
  defineProperty: refuseChange,
  deleteProperty: refuseChange,
  setPrototypeOf: refuseChange,
  preventExtensions: refuseChange
}

const changing = /^(?:set|add|delete|clear|append|sort|reverse|fill|copyWithin)/

/** A method of a built-in class, such as a Map or a Date, which does not work on a proxy. */
function guardMethod(target: object, key: string | symbol, method: unknown): unknown {
  if (typeof key === 'string' && changing.test(key)) return refuseChange
  return (...given: unknown[]) => {
    const callbacks = given.map((one) =>
      typeof one === 'function' ? (...found: unknown[]) => Reflect.apply(one, undefined, found.map(guard)) : one
    )
    return typeof method === 'function' ? guard(Reflect.apply(method, target, callbacks)) : undefined
  }
}

/** The methods of an array work on a proxy, which then refuses what they change. */
function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
