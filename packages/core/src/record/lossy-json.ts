import { SessionError } from '../errors.ts'
import { isFields } from './payload.ts'
import { pathOf, type Serializer } from './serializer.ts'

/**
 * JSON as `JSON.stringify` makes it, which express-session stores too: a Buffer, a Date or an instance of a class comes
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
  deserialize: (text) => JSON.parse(text)
}

/** A value that JSON has nothing for is absent from its object; alone it is compared as an empty one. */
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
