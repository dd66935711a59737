import { SessionError } from '@kvsession/core'

/** The system's error as it is, except where no later call can do better: those say what to do. */
export function explain(error: unknown, folder: string): unknown {
  const code = codeOf(error)
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    const message = `The file store may not work in ${folder} (${code}). Make it the folder of the server's user, mode 0700, on a local disk that has symbolic links`
    return new SessionError('STORE_INVALID', message, { cause: error })
  }
  if (code === 'ENOTDIR' || code === 'EEXIST') {
    const message = `The file store cannot use ${folder} as a folder: a file is in the way. Name a folder of its own`
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
