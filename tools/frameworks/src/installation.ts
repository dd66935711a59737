import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type Example, packagesOf, root, withoutOurs } from './example.ts'

// Outside of the repository, so that an example finds no package that it does not install.
const installations = join(tmpdir(), 'kvsession-frameworks')
const lockfile = 'package-lock.json'
const installedLockfile = '.installed-lock.json'

/**
 * Copies an example out of the repository and installs it there: the framework from its lockfile, our packages from
 * tarballs. An installation from an unchanged lockfile is used again.
 *
 * @returns the folder.
 */
export function installExample({ name, folder, manifest }: Example, tarballs: ReadonlyMap<string, string>): string {
  const place = join(installations, name)
  copyExample(folder, place)
  writeManifest(place, withoutOurs(manifest))
  const marker = join(place, installedLockfile)
  const wanted = readFileSync(join(place, lockfile), 'utf8')
  if (!existsSync(marker) || readFileSync(marker, 'utf8') !== wanted) {
    npm(place, 'ci')
    writeFileSync(marker, wanted)
  }
  const files = packagesOf(manifest).map((packageName) => tarballs.get(packageName) ?? unknown(name, packageName))
  npm(place, 'install', '--no-save', '--no-package-lock', ...files)
  return place
}

/** Writes the lockfile of an example anew: the framework alone, because its lockfile must not change with our packages. */
export function lockExample({ name, folder, manifest }: Example): void {
  const place = join(installations, name)
  copyExample(folder, place)
  writeManifest(place, withoutOurs(manifest))
  npm(place, 'install', '--package-lock-only')
  copyFileSync(join(place, lockfile), join(folder, lockfile))
}

/** Packs packages of this repository, and those that they need. Call it after a build. */
export function packPackages(names: ReadonlySet<string>): Map<string, string> {
  mkdirSync(installations, { recursive: true })
  const target = mkdtempSync(join(installations, 'tarballs-'))
  return new Map(
    [...names].map((name) => {
      const workspace = join('packages', basename(name))
      const [packed] = execFileSync('npm', ['pack', '-w', workspace, '--pack-destination', target, '--silent'], {
        cwd: root,
        encoding: 'utf8'
      }).split('\n')
      return [name, join(target, packed ?? '')] as const
    })
  )
}

/** Keeps what was installed, and removes what an earlier build has written. */
function copyExample(folder: string, place: string): void {
  mkdirSync(place, { recursive: true })
  for (const name of readdirSync(place)) {
    if (name !== 'node_modules' && name !== installedLockfile) rmSync(join(place, name), { recursive: true })
  }
  cpSync(folder, place, { recursive: true, filter: (source) => basename(source) !== 'node_modules' })
  copyFileSync(join(root, '.npmrc'), join(place, '.npmrc'))
}

function writeManifest(place: string, manifest: object): void {
  writeFileSync(join(place, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
}

function npm(cwd: string, ...command: readonly string[]): void {
  execFileSync('npm', command, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
}

function unknown(name: string, packageName: string): never {
  throw new Error(`${name} installs ${packageName}, which is not packed`)
}
