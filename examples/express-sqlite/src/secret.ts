import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/**
 * The secret that signs the cookies: `SESSION_SECRET`, newest first and separated by blanks, or else a file that the
 * first start makes, so that sessions survive a restart. In production set the variable: whoever has the secret and the
 * database can make a cookie for anybody's session.
 */
export function readSecret(path: string): string | string[] {
  const fromEnvironment = process.env.SESSION_SECRET
  if (fromEnvironment !== undefined) return fromEnvironment.trim().split(/\s+/)
  if (!existsSync(path)) writeFileSync(path, randomBytes(33).toString('base64'), { mode: 0o600, flag: 'wx' })
  return readFileSync(path, 'utf8')
}
