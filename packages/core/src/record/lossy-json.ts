import { SessionError } from '../errors.ts'
import { isFields } from './payload.ts'
import { pathOf, type Serializer } from './serializer.ts'

/**
 * The output of `JSON.stringify`, as express-session stores it: a Buffer, a Date or an instance of a class comes
 * back as plain data, a Map, a Set or an Error as `{}`, NaN and `undefined` in an array as `null`, and a function is left
 * out. Only what `JSON.stringify` refuses is `DATA_UNSERIALIZABLE`: BigInt and cycles.
 */
export const lossyJsonSerializer: Serializer = {
  serialize(data) {
    try {
      return stringify(data)
    } catch {
      const key = isFields(data) ? Object.keys(data).find((name) => isRefused(data[name])) : undefined
      const path = key === undefined ? '' : pathOf(key)
      throw new SessionError(
        'DATA_UNSERIALIZABLE',
        `data${path} holds a BigInt, a cycle, or what a toJSON or getter refuses: nothing was stored`
      )
    }
  },
  deserialize: (serialized) => JSON.parse(serialized)
}

/** A value without a JSON form is omitted from its object; on its own it is compared as `{}`. */
function stringify(value: unknown): string {
  const json: string | undefined = JSON.stringify(value)
  return json ?? '{}'
}

function isRefused(value: unknown): boolean {
  try {
    stringify(value)
    return false
  } catch {
    return true
  }
}
