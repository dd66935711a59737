import { readFileSync } from 'node:fs'

export interface SystemUser {
  readonly name: string
  readonly id: number
}

/** For servers that refuse to run as root. Node can look up only its own user, so this reads the system's list. */
export function systemUser(name: string): SystemUser {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`))
  return { name, id: Number(line?.split(':')[2] ?? process.getuid?.() ?? 0) }
}
