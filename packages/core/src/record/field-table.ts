import { pickFields } from './merge.ts'

/** A field of a stored JSON object: a long name in memory, a letter in the store. */
export type Field = readonly [letter: string, check: Check, sealed?: typeof sealed]

export type Check = (value: unknown) => boolean

/** A field that is authenticated with an encrypted payload. */
export const sealed = true

/** Fields by name, in stored order. Encoding, decoding and validation follow from it, so that none is forgotten. */
export type FieldTable<Fields extends object> = Readonly<Record<Exclude<keyof Fields, 'unknownFields'> & string, Field>>

/** What the codec adds: fields of later versions, by their stored names. They survive every rewrite. */
export interface WithUnknownFields {
  readonly unknownFields?: Readonly<Record<string, unknown>> | undefined
}

export interface FieldCodec<Fields> {
  /** JSON with letters as names. Built by hand: to make an object for JSON.stringify takes twice as long. */
  encode(fields: Fields): string
  /** `undefined`: a field fails its check. */
  decode(stored: Readonly<Record<string, unknown>>): Fields | undefined
  /** The values of the sealed fields, in stored order. */
  sealedValues(fields: Fields): unknown[]
}

/** @param version stored first, as `v`; the caller checks it when it reads. Without one: part of something larger. */
export function createFieldCodec<Fields extends object & WithUnknownFields>(
  table: FieldTable<Fields>,
  version?: { readonly v: number }
): FieldCodec<Fields> {
  const list = Object.entries<Field>(table).map(([name, [letter, check, isSealed]]) => ({
    name,
    letter,
    prefix: `,"${letter}":`,
    check,
    isSealed,
    isRequired: !check(undefined)
  }))
  const byLetter = new Map(list.map((field) => [field.letter, field]))
  const mostMissing = list.filter(({ isRequired }) => isRequired).length
  // Every decoded object has the same properties in the same order, which makes reading and copying it twice as fast.
  const blank = Object.fromEntries([...list.map(({ name }) => [name, undefined]), ['unknownFields', undefined]])
  const start = version ? `,"v":${version.v}` : ''

  return {
    encode(fields) {
      let json = start
      for (const { name, prefix } of list) {
        const value = byName(fields)[name]
        if (value !== undefined) json += prefix + toJson(value)
      }
      const { unknownFields } = fields
      if (unknownFields) {
        for (const [name, value] of Object.entries(unknownFields)) {
          json += `,${JSON.stringify(name)}:${JSON.stringify(value)}`
        }
      }
      return `{${json.slice(1)}}`
    },
    decode(stored) {
      const fields: Record<string, unknown> = { ...blank }
      let missing = mostMissing
      let unknown: string[] | undefined
      for (const letter of Object.keys(stored)) {
        const field = byLetter.get(letter)
        if (field) {
          const value = stored[letter]
          if (!field.check(value)) return undefined
          fields[field.name] = value
          if (field.isRequired) missing--
        } else if (letter !== 'v') {
          unknown ??= []
          unknown.push(letter)
        }
      }
      if (unknown) fields.unknownFields = pickFields(stored, unknown)
      return missing === 0 ? asChecked<Fields>(fields) : undefined
    },
    sealedValues: (fields) => list.filter(({ isSealed }) => isSealed).map(({ name }) => byName(fields)[name])
  }
}

/** JSON.stringify takes four times as long for a number, and for a string without anything to escape. */
function toJson(value: unknown): unknown {
  if (typeof value === 'number') return value
  return typeof value === 'string' && /^[\w-]*$/.test(value) ? `"${value}"` : JSON.stringify(value)
}

/** Any object may be read by name; the assertion claims nothing else. */
function byName(fields: object): Readonly<Record<string, unknown>> {
  return fields as Readonly<Record<string, unknown>>
}

/** Every field has passed its check. */
function asChecked<Fields>(fields: Readonly<Record<string, unknown>>): Fields {
  return fields as Fields
}

export function optional(check: Check): Check {
  return (value) => value === undefined || check(value)
}

export function isString(value: unknown): boolean {
  return typeof value === 'string'
}

/** Epoch milliseconds, or a count. */
export function isTime(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

/** Any object may be read by name, an array too. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
