/** The same for every subject; a measurement protects nothing. */
export const secret = 'a-secret-that-only-measurements-are-signed-with'
