/** An answer other than the page that was asked for, in words for the person who reads it. */
export interface HttpError extends Error {
  readonly status: number
  readonly advice: string
}

export function createHttpError(status: number, message: string, advice: string): HttpError {
  return Object.assign(new Error(message), { status, advice })
}

export function isHttpError(value: unknown): value is HttpError {
  return value instanceof Error && 'status' in value && 'advice' in value
}
