import { callbackFailed } from './callback.ts'
import type { ManagerContext } from './context.ts'
import { printable, SessionError } from './errors.ts'
import { invalid } from './option-check.ts'
import type { Fields } from './record/merge.ts'
import { deserializeData, isFields } from './record/payload.ts'
import { bound } from './store/deadline.ts'

/** A value, or a promise of it only if the schema is asynchronous. */
export type Validated<T> = T | Promise<T>

type SchemaContext = Pick<ManagerContext, 'schema' | 'policy' | 'serializer'>

/** Passes a value to `next`: at once, unless it is a promise. */
export function afterwards<T, R>(value: Validated<T>, next: (value: T) => Validated<R>): Validated<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** @throws SessionError `OPTION_INVALID` when the schema refuses `{}`, as far as a synchronous validation shows it. */
export function checkSchema(context: SchemaContext): void {
  let result: unknown
  try {
    result = context.schema?.['~standard'].validate({})
  } catch {
    // It fails again for the first new session, which reports it.
  }
  if (result instanceof Promise) result.catch(ignore)
  else if (isFields(result) && result.issues) throw emptyDataRefused(result.issues)
}

function emptyDataRefused(issues: unknown): SessionError {
  return invalid(
    'schema',
    `refuses {}, the data of every new session: give ${pathOf(issues)} a default, or make it optional`
  )
}

/**
 * The data of a new session: what the schema returns for `{}`.
 *
 * @throws SessionError `OPTION_INVALID` when the schema refuses it.
 */
export function initialData(context: SchemaContext): Validated<Fields> {
  return afterwards(validate(context, {}), ({ issues, value }) => {
    if (issues) throw emptyDataRefused(issues)
    return accepted(value)
  })
}

/** Stored data, as the schema returns it. */
export interface Fitted {
  /** `undefined`: it does not fit, and `onSchemaMismatch` rejects it. */
  readonly data: Fields | undefined
  /** The path of the first value that did not fit, if there is one. */
  readonly mismatch?: string
}

/** Validates stored data. Data that does not fit is reset, repaired or rejected. */
export function fitStored(
  context: SchemaContext & Pick<ManagerContext, 'onSchemaMismatch'>,
  data: Fields
): Validated<Fitted> {
  const { onSchemaMismatch = 'reset' } = context
  return afterwards(validate(context, data), ({ issues, value }): Validated<Fitted> => {
    if (!issues) return { data: accepted(value) }
    const mismatch = pathOf(issues)
    if (onSchemaMismatch === 'reset')
      return afterwards(initialData(context), (initial) => ({ data: initial, mismatch }))
    const repaired = onSchemaMismatch === 'reject' ? undefined : onSchemaMismatch(data)
    return { data: repaired === undefined ? undefined : accepted(repaired), mismatch }
  })
}

/**
 * Refuses data that no load would accept.
 *
 * @returns the data as the next load will return it; `undefined` without a schema.
 * @throws SessionError `DATA_INVALID`, naming the path. A message of the schema may quote the data, and is left out.
 */
export function checkData(context: SchemaContext, plaintext: string): Validated<Fields | undefined> {
  if (!context.schema) return undefined
  return afterwards(validate(context, deserializeData(context, plaintext)), ({ issues, value }) => {
    if (issues) throw new SessionError('DATA_INVALID', `The schema refuses ${pathOf(issues)}: nothing was stored`)
    return accepted(value)
  })
}

/** Deserializes data, as the next load will return it. @throws SessionError as {@link checkData}. */
export function readData(context: SchemaContext, plaintext: string): Validated<Fields | undefined> {
  return context.schema ? checkData(context, plaintext) : deserializeData(context, plaintext)
}

interface ValidationResult {
  readonly value?: unknown
  readonly issues?: unknown
}

/** A schema may query a database: the wait is bounded, so that it cannot block the request for ever. */
function validate({ schema, policy }: SchemaContext, data: unknown): Validated<ValidationResult> {
  const refuse = (error?: unknown): unknown => callbackFailed('schema', error)
  let result: unknown
  try {
    result = schema ? schema['~standard'].validate(data) : { value: data }
  } catch (error) {
    throw refuse(error)
  }
  if (!('then' in Object(result))) return Object(result)
  return bound(Promise.resolve(result), { milliseconds: policy.storeTimeout, late: refuse, accept: Object, refuse })
}

function accepted(value: unknown): Fields {
  if (isFields(value)) return value
  throw invalid('schema', 'must describe an object')
}

/** The path of the first issue: `data.items.1`. */
function pathOf(issues: unknown): string {
  const [issue]: readonly unknown[] = Array.isArray(issues) ? issues : []
  const path: unknown = Reflect.get(Object(issue), 'path')
  const segments: readonly unknown[] = Array.isArray(path) ? path : []
  const keys = segments.map((segment) => String(isFields(segment) ? segment.key : segment))
  return printable(['data', ...keys].join('.'))
}

function ignore(): void {}
