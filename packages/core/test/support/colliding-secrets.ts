import { createKeyring } from '../../src/token/keyring.ts'

/** Two secrets whose 2-byte key ids are equal in this namespace under this cookie name; found by the birthday bound. */
export function collidingSecrets(scope: { readonly namespace: string; readonly tokenName: string }): [string, string] {
  const seen = new Map<number, string>()
  for (let i = 0; ; i++) {
    const secret = `colliding secret number ${String(i).padStart(12, '0')}`
    const { keyId } = createKeyring({ secrets: [secret], ...scope }).current
    const earlier = seen.get(keyId)
    if (earlier !== undefined) return [secret, earlier]
    seen.set(keyId, secret)
  }
}
