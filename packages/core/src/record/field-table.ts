import { pickFields } from './merge.ts'

/** A field of something stored as JSON: a long name in memory, a letter in the store. */
export type Field = readonly [letter: string, check: Check, sealed?: typeof sealed]

export type Check = (value: unknown) => boolean

/** A field that is authenticated with an encrypted payload. */
export const sealed = true

/** Fields by name, in stored order. Encoding, decoding and validation follow from it, so that none is forgotten. */
export type FieldTable<Fields extends object> = Readonly<Record<Exclude<keyof Fields, 'unknownFields'> & string, Field>>

/** What the codec adds: fields of later versions, by their stored names. They survive every rewrite. */
export interface WithUnknownFields {
  readonly unknownFields?: Readonly<Record<string, unknown>>
}

export interface FieldCodec<Fields> {
  /** Letters and values as JSON. Written out by hand: an object of letters for JSON.stringify takes twice as long. */
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
  // Objects, because every request passes through here, and taking an array apart costs an iterator.
  const list = Object.entries<Field>(table).map(([name, [letter, check, isSealed]]) => ({
    name,
    letter,
    check,
    isSealed
  }))
  const letters = new Set(['v', ...list.map(({ letter }) => letter)])

  const start = version ? `{"v":${version.v}` : '{'

  return {
    encode(fields) {
      let text = start
      const add = (letter: string, value: unknown): void => {
        text += `${text === '{' ? '' : ','}"${letter}":${typeof value === 'number' ? value : JSON.stringify(value)}`
      }
      for (const { name, letter } of list) {
        const value = byName(fields)[name]
        if (value !== undefined) add(letter, value)
      }
      const { unknownFields } = fields
      for (const name in unknownFields) add(JSON.stringify(name).slice(1, -1), unknownFields[name])
      return `${text}}`
    },
    decode(stored) {
      const fields: Record<string, unknown> = {}
      for (const { name, letter, check } of list) {
        const value = stored[letter]
        if (!check(value)) return undefined
        if (value !== undefined) fields[name] = value
      }
      const unknown = Object.keys(stored).filter((letter) => !letters.has(letter))
      if (unknown.length > 0) fields.unknownFields = pickFields(stored, unknown)
      return asChecked<Fields>(fields)
    },
    sealedValues: (fields) => list.filter(({ isSealed }) => isSealed).map(({ name }) => byName(fields)[name])
  }
}

/** Any object may be read by name; that is all this says. */
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
