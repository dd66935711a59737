import { printable, SessionError } from '../errors.ts'

/**
 * Converts data to a string and back. The string is well-formed Unicode without U+0000; equal data gives equal strings
 * (change detection compares them); `deserialize` must not run code that the string names.
 */
export interface Serializer {
  serialize(data: unknown): string
  /** May throw: the record then counts as corrupt. */
  deserialize(serialized: string): unknown
}

/**
 * Strict JSON. Data that JSON would silently lose is refused with `DATA_UNSERIALIZABLE`, naming the path and never the
 * value: BigInt, cycles, functions, symbols, NaN, Infinity, invalid dates, Map, Set, typed arrays, `undefined` in
 * arrays, and instances without enumerable fields. Properties that are `undefined` are absent; a Date becomes its ISO
 * string, an object with `toJSON` the value that it returns. Keys such as `__proto__` are data.
 */
export const jsonSerializer: Serializer = {
  serialize(data) {
    let json: string | undefined
    let loss: string | undefined
    try {
      // JSON.stringify first: it finds cycles natively, so that the search need not remember its path.
      json = JSON.stringify(data)
      loss = findLoss(data)
    } catch (cause) {
      loss = describeFailure(data, cause)
    }
    if (loss === undefined && json !== undefined) return json
    const shown = `data${loss ?? ' is nothing JSON can hold'}`.replace(/^(.{200}).*(?= is )/, '$1')
    throw new SessionError(
      'DATA_UNSERIALIZABLE',
      `${shown}: nothing was stored. Store plain values, or set serializer: 'json-lossy' (as JSON.stringify does it) or @kvsession/core/devalue`
    )
  },
  deserialize(serialized) {
    const data: unknown = JSON.parse(serialized)
    // Another program may write 1e999, which is read as Infinity: data that cannot be stored again is damaged.
    if (largeExponent.test(serialized) && findLoss(data) !== undefined) throw new RangeError('too large')
    return data
  }
}

const largeExponent = /[\d.]e\+?\d{3}/i

function describeFailure(data: unknown, cause: unknown): string {
  try {
    const loss = findLoss(data, new Set())
    if (loss !== undefined) return loss
  } catch {}
  return cause instanceof RangeError ? ' is nested too deeply' : ' is refused by a toJSON or getter'
}

/** The path and kind of the first value that JSON cannot represent. `ancestors`: only when there may be a cycle. */
function findLoss(value: unknown, ancestors?: Set<object>): string | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined
    case 'number':
      return Number.isFinite(value) ? undefined : ' is NaN or infinite'
    case 'object':
      return value === null ? undefined : findLossInObject(value, ancestors)
    default:
      return value === undefined ? ' is undefined' : ` is a ${typeof value}`
  }
}

function findLossInObject(value: object, ancestors: Set<object> | undefined): string | undefined {
  if (ancestors?.has(value)) return ' is part of a cycle'
  ancestors?.add(value)
  const loss = Array.isArray(value) ? findLossInArray(value, ancestors) : findLossInFields(value, ancestors)
  ancestors?.delete(value)
  return loss
}

function findLossInArray(array: readonly unknown[], ancestors: Set<object> | undefined): string | undefined {
  for (let index = 0; index < array.length; index++) {
    const loss = findLoss(array[index], ancestors)
    if (loss !== undefined) return `[${index}]${loss}`
  }
  return undefined
}

function findLossInFields(value: object, ancestors: Set<object> | undefined): string | undefined {
  const plain = isPlain(value)
  const lossyName = plain ? undefined : nameOfLossy(value)
  if (lossyName !== undefined) return ` is ${lossyName}`
  if ('toJSON' in value && typeof value.toJSON === 'function' && !Object.hasOwn(value, 'toJSON')) {
    return findLoss(value.toJSON(''), ancestors)
  }
  const keys = Object.keys(value)
  if (!plain && keys.length === 0) return ` is a ${nameOf(value)} without enumerable fields`
  const fields = asFields(value)
  for (const key of keys) {
    const field = fields[key]
    const loss = field === undefined ? undefined : findLoss(field, ancestors)
    if (loss !== undefined) return pathOf(key) + loss
  }
  return undefined
}

/** Any object may be read by key; the assertion claims nothing else. */
function asFields(value: object): Readonly<Record<string, unknown>> {
  return value as Readonly<Record<string, unknown>>
}

/** `{}` of any realm, and objects without prototype. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null
}

/** By tag, which works across realms. Most of these would be stored as `{}`. */
function nameOfLossy(value: object): string | undefined {
  const tag = nameOf(value)
  if (value instanceof Date || tag === 'Date') return Number.isNaN(Number(value)) ? 'an invalid date' : undefined
  return ArrayBuffer.isView(value) || lossy.test(tag) ? `a ${tag}` : undefined
}

const lossy = /^(?:(?:Weak)?(?:Map|Set)|(?:Shared)?ArrayBuffer|RegExp|Error|Promise|WeakRef)$/

function nameOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1)
}

/** A key as the continuation of a path. */
export function pathOf(key: string): string {
  return /^[A-Za-z_$][\w$]{0,99}$/.test(key) ? `.${key}` : `[${printable(JSON.stringify(key.slice(0, 100)), 999)}]`
}
