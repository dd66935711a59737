import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { installedSize } from '../src/sections/installation.ts'

it('The size of an installation counts all packages, nested ones included, but not the lock file of npm', () => {
  const root = mkdtempSync(join(tmpdir(), 'kvsession-sizes-'))
  const write = (path: string, content: string): void => {
    mkdirSync(join(root, path, '..'), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  try {
    write('node_modules/.package-lock.json', 'npm')
    for (const folder of ['a', '@scope/b', 'a/node_modules/c']) write(`node_modules/${folder}/package.json`, '12345')
    write('node_modules/a/lib/package.json', '12345')
    write('node_modules/a/lib/index.js', '1234567')
    expect(installedSize(join(root, 'node_modules'))).toEqual({ packages: 3, files: 5, bytes: 27 })
  } finally {
    rmSync(root, { recursive: true })
  }
})
