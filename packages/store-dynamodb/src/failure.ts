import { SessionError } from '@kvsession/core'
import { propertyOf } from './client.ts'

const throttled: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException'
])

/** Whether a conditional write was refused by its condition, on the only attempt there was. */
export function isRefusal(error: unknown): boolean {
  if (propertyOf(error, 'name') !== 'ConditionalCheckFailedException') return false
  // A retry strategy of the client's own may have sent it before, and that may have written.
  return propertyOf(propertyOf(error, '$metadata'), 'attempts') === 1
}

/** What to do about a failure, where that is known; otherwise the failure itself. */
export function explain(error: unknown, table: string): unknown {
  const name = String(propertyOf(error, 'name'))
  const message = String(propertyOf(error, 'message'))
  const typed = (code: 'STORE_INVALID' | 'STORE_UNAVAILABLE', text: string): SessionError =>
    new SessionError(code, text, { cause: error })
  if (throttled.has(name)) {
    return typed('STORE_UNAVAILABLE', `DynamoDB throttles the table ${table}. Raise its capacity, or make it on-demand`)
  }
  if (name === 'ResourceNotFoundException') {
    return typed('STORE_INVALID', `DynamoDB has no table ${table} here. Call ensureTable(), or check name and region`)
  }
  if (name === 'AccessDeniedException') {
    return typed('STORE_INVALID', `DynamoDB refuses this on the table ${table}. Allow what the README lists`)
  }
  if (name === 'ConditionalCheckFailedException') {
    return typed('STORE_INVALID', 'The client repeated a write: give it no retryStrategy that does, and maxAttempts: 1')
  }
  if (name !== 'ValidationException') return error
  if (message.includes('key element') || message.includes('Type mismatch') || message.includes('Missing the key')) {
    return typed('STORE_INVALID', `The table ${table} has another key. Give the store a table that ensureTable() made`)
  }
  return error
}

export function tooLarge(): SessionError {
  const message = 'The value exceeds 400,000 bytes, all that an item of DynamoDB holds. Keep large things elsewhere'
  return new SessionError('RECORD_TOO_LARGE', message)
}
