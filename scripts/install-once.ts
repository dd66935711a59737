import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Installs the packages that only one tool needs, from the lockfile in its folder, unless they are installed already. */
export function installOnce(folder: string): void {
  const marker = join(folder, 'node_modules/.package-lock.json')
  if (existsSync(marker) && statSync(marker).mtimeMs >= statSync(join(folder, 'package-lock.json')).mtimeMs) return
  console.log(`Installing ${folder}`)
  execFileSync('npm', ['ci', '--prefix', folder], { stdio: ['ignore', 'ignore', 'inherit'] })
}

if (process.argv[1] === import.meta.filename) for (const folder of process.argv.slice(2)) installOnce(folder)
