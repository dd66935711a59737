import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/**
 * The secrets that sign the cookies: `SESSION_SECRET`, newest first and separated by spaces, or else a file that the first
 * start creates, so that sessions survive a restart. In production set the variable: an attacker with the secret and the
 * database can create a cookie for any session.
 */
export function readSecret(path: string): string | string[] {
  const fromEnvironment = process.env.SESSION_SECRET
  if (fromEnvironment !== undefined) return fromEnvironment.trim().split(/\s+/)
  if (!existsSync(path)) writeFileSync(path, randomBytes(33).toString('base64'), { mode: 0o600, flag: 'wx' })
  return readFileSync(path, 'utf8')
}
