import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { installedFolders, installSize } from '../src/install-size.ts'

let root = ''

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'kvsession-sizes-')))
})
afterEach(() => rmSync(root, { recursive: true }))

function write(path: string, text: string): number {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
  return text.length
}

function install(path: string, dependencies: Record<string, string> = {}): number {
  return (
    write(`${path}/package.json`, JSON.stringify({ dependencies })) + write(`${path}/lib/index.js`, 'x'.repeat(1000))
  )
}

describe('the size of an installation', () => {
  it('is that of a package and of all that it depends on, each once', () => {
    const bytes =
      install('node_modules/a', { b: '1', c: '1' }) + install('node_modules/b', { c: '1' }) + install('node_modules/c')
    install('node_modules/unrelated')
    expect(installSize(['a'], root)).toEqual({ packages: 3, bytes })
  })

  it('takes a nested version for the one that it is', () => {
    const bytes =
      install('node_modules/a', { b: '1' }) + install('node_modules/a/node_modules/b') + install('node_modules/c')
    install('node_modules/b')
    expect(installSize(['a', 'c'], root)).toEqual({ packages: 3, bytes })
  })

  it('leaves out what is there already', () => {
    const bytes = install('node_modules/a', { b: '1' })
    install('node_modules/b')
    install('node_modules/framework', { b: '1' })
    expect(installSize(['a'], root, installedFolders(['framework'], root))).toEqual({ packages: 1, bytes })
  })

  it('counts of a package of this repository what its manifest publishes', () => {
    const bytes = write('packages/a/package.json', '{"files":["dist"]}') + write('packages/a/dist/index.js', 'built')
    write('packages/a/test/a.test.ts', 'not published')
    mkdirSync(join(root, 'node_modules'))
    symlinkSync(join(root, 'packages/a'), join(root, 'node_modules/a'))
    expect(installSize(['a'], root)).toEqual({ packages: 1, bytes })
  })

  it('refuses what is not installed', () => {
    expect(() => installSize(['missing'], root)).toThrow('missing is not installed')
  })
})
