import { parse, stringify } from 'devalue'
import { printable, SessionError } from '../errors.ts'
import type { Serializer } from './serializer.ts'

/**
 * Serializes with `devalue`, which the application installs: besides the types of JSON it restores Date, Map, Set, BigInt,
 * URL, RegExp, typed arrays, NaN and repeated references. Changes inside them are noticed, and merged by
 * top-level key like any other. A Buffer comes back as a `Uint8Array`.
 *
 * It reads records that the JSON serializer has stored, so switching to it logs no user out; switching back does. Instances
 * of other classes, functions and keys named `__proto__` are `DATA_UNSERIALIZABLE`, naming the path.
 */
export const devalueSerializer: Serializer = {
  serialize(data) {
    try {
      return stringify(withoutUndefined(data))
    } catch (cause) {
      throw new SessionError('DATA_UNSERIALIZABLE', `data${refusalOf(cause)}: nothing was stored`)
    }
  },
  // Session data is an object: devalue writes it as an array, JSON with a brace.
  deserialize: (serialized) => (serialized.startsWith('{') ? JSON.parse(serialized) : parse(serialized))
}

/** A property of the data that is `undefined` is absent, as with JSON. */
function withoutUndefined(data: unknown): unknown {
  if (!isPlain(data) || !Object.values(data).includes(undefined)) return data
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined))
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

/** The path of the refused value and the reason; neither contains a value. */
function refusalOf(thrown: unknown): string {
  if (!(thrown instanceof Error) || thrown.name !== 'DevalueError') return ' is refused by a getter'
  const path: unknown = Reflect.get(thrown, 'path')
  return `${printable(String(path), 200)}: ${printable(thrown.message, 200)}`
}
