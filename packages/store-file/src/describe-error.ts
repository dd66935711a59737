import { SessionError } from '@kvsession/core'

/** Returns the system's error. If no later call can succeed, returns an error that says what to do. */
export function describeError(error: unknown, folder: string): unknown {
  const code = codeOf(error)
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    const message = `The file store has no access to ${folder} (${code}). It must belong to the server's user, with mode 0700, on a local disk with symbolic links`
    return new SessionError('STORE_INVALID', message, { cause: error })
  }
  if (code === 'ENOTDIR' || code === 'EEXIST') {
    const message = `The file store cannot use ${folder} as a folder, because a file has this name. Choose another folder`
    return new SessionError('STORE_INVALID', message, { cause: error })
  }
  return error
}

export function codeOf(error: unknown): unknown {
  return error instanceof Error ? Reflect.get(error, 'code') : undefined
}

export async function absentIsUndefined<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}
