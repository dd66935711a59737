/** An error page instead of the requested page, with a message for the user. */
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
