import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createStoreFolder } from './support/store-folder.ts'

const script = fileURLToPath(new URL('support/one-write-process.ts', import.meta.url))
const calls = 'fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,symlink,symlinkat,mkdir,mkdirat'
const traces = spawnSync('strace', ['-f', 'true']).status === 0

describe.skipIf(!traces)('The order of syncs (needs strace)', () => {
  it('A write syncs the file, renames it and syncs its folder; a deletion syncs the folder', () => {
    expect(traceWrite('full')).toEqual([
      'mkdir .',
      'mkdir <fan>',
      'fsync .',
      'fsync <parent>',
      'symlink <lock>',
      'fsync <temporary>',
      'rename <record>',
      'unlink <lock>',
      'fsync <fan>',
      'symlink <lock>',
      'unlink <record>',
      'unlink <lock>',
      'fsync <fan>'
    ])
  })

  it('Normal durability syncs nothing', () => {
    expect(traceWrite('normal')).toEqual([
      'mkdir .',
      'mkdir <fan>',
      'symlink <lock>',
      'rename <record>',
      'unlink <lock>',
      'symlink <lock>',
      'unlink <record>',
      'unlink <lock>'
    ])
  })
})

/** The system calls that reach the disk for a set and a delete of one key, the first in its folder. */
function traceWrite(durability: string): string[] {
  const folder = createStoreFolder()
  try {
    const output = join(dirname(folder.path), 'trace')
    const traced = [process.execPath, '--conditions=@kvsession/source', script, folder.path, durability]
    const run = spawnSync('strace', ['-f', '-y', '-s', '300', '-e', `trace=${calls}`, '-o', output, ...traced])
    expect(run.status, String(run.stderr)).toBe(0)
    return readFileSync(output, 'utf8')
      .split('\n')
      .filter((line) => line.includes(dirname(folder.path)))
      .filter((line) => !/ENOENT|resumed>/.test(line))
      .map((line) => `${/ (\w+)\(/.exec(line)?.[1]} ${placeOf(line, folder.path)}`.replace(/^(\w+?)at2? /, '$1 '))
  } finally {
    folder.remove()
  }
}

function placeOf(line: string, root: string): string {
  // The last path of the line; of two paths it is the created one.
  const path = line.match(/\/[^"<>]*/g)?.at(-1) ?? ''
  const name = basename(path)
  if (path === root) return '.'
  if (path === dirname(root)) return '<parent>'
  if (name.endsWith('.lock')) return '<lock>'
  if (name.endsWith('.tmp')) return '<temporary>'
  return name.length === 2 ? '<fan>' : '<record>'
}
