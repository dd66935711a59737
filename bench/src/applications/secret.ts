/** The secret of every subject. Nothing here is worth protecting. */
export const secret = 'a-secret-that-only-measurements-are-signed-with'

/** Cookie attributes that every library is given, in the spelling of its options. */
export const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure: false } as const
