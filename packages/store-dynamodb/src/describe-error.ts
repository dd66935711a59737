import { SessionError } from '@kvsession/core'
import { propertyOf } from './client.ts'

const throttled: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException'
])

/** Whether the condition of a write refused it on the only attempt. */
export function isRefusal(error: unknown): boolean {
  if (propertyOf(error, 'name') !== 'ConditionalCheckFailedException') return false
  // The client's own retry strategy may have sent it before, and that attempt may have written.
  return propertyOf(propertyOf(error, '$metadata'), 'attempts') === 1
}

/** Returns an error that says what to do about a known failure, or the failure itself. */
export function describeError(error: unknown, table: string): unknown {
  const name = String(propertyOf(error, 'name'))
  const message = String(propertyOf(error, 'message'))
  const typed = (code: 'STORE_INVALID' | 'STORE_UNAVAILABLE', hint: string): SessionError =>
    new SessionError(code, hint, { cause: error })
  if (throttled.has(name)) {
    return typed(
      'STORE_UNAVAILABLE',
      `DynamoDB throttles the table ${table}. Raise its capacity, or switch it to on-demand`
    )
  }
  if (name === 'ResourceNotFoundException') {
    return typed(
      'STORE_INVALID',
      `DynamoDB has no table ${table} in this region. Call ensureTable(), or check the name and the region`
    )
  }
  if (name === 'AccessDeniedException') {
    return typed(
      'STORE_INVALID',
      `DynamoDB denies access to the table ${table}. Grant the permissions that the README lists`
    )
  }
  if (name === 'ConditionalCheckFailedException') {
    return typed(
      'STORE_INVALID',
      'The client repeated a write. Set maxAttempts: 1 and no retryStrategy that repeats writes'
    )
  }
  if (name !== 'ValidationException') return error
  if (message.includes('key element') || message.includes('Type mismatch') || message.includes('Missing the key')) {
    return typed(
      'STORE_INVALID',
      `The table ${table} has another key. Give the store a table that ensureTable() created`
    )
  }
  return error
}

export function tooLarge(): SessionError {
  const message = 'The value exceeds 400,000 bytes, the limit for an item in DynamoDB. Store large data elsewhere'
  return new SessionError('RECORD_TOO_LARGE', message)
}
