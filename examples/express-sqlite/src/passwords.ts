import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/** OWASP Password Storage Cheat Sheet: N = 2^15, r = 8, p = 3; about 100 ms and 32 MiB each. */
const cost = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 }

/** Compared if the user does not exist, so that the duration does not reveal it. */
const unknownUser = 'AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

/** Returns the stored form of a password: salt and scrypt hash, base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const hash = await derive(password, salt)
  return `${salt.toString('base64url')}.${hash.toString('base64url')}`
}

export async function verifyPassword(password: string, stored: string | undefined): Promise<boolean> {
  const [salt = '', hash = ''] = (stored ?? unknownUser).split('.')
  const expected = Buffer.from(hash, 'base64url')
  const given = await derive(password, Buffer.from(salt, 'base64url'))
  return timingSafeEqual(given, expected) && stored !== undefined
}

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // One normal form per password, however the keyboard composes accents (NIST SP 800-63B 5.1.1.2).
    scrypt(password.normalize('NFC'), salt, 32, cost, (error, hash) => (error ? reject(error) : resolve(hash)))
  })
}
