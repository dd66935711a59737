import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { extractBase } from '../src/base-build.ts'

it('A process that measures another build loads every package from it', () => {
  const base = extractBase('HEAD')
  const hook = join(import.meta.dirname, '../src/base-hook.ts')
  const script =
    "console.log(import.meta.resolve('@kvsession/express'), import.meta.resolve('@kvsession/core/adapter'))"
  const flags = ['--conditions=@kvsession/source', '--import', hook, '--input-type=module', '--eval', script]
  try {
    const out = execFileSync(process.execPath, flags, { env: { ...process.env, KVSESSION_BENCH_BASE: base.folder } })
    const urls = ['express/src/index.ts', 'core/src/adapter.ts'].map((file) =>
      String(pathToFileURL(join(base.folder, 'packages', file)))
    )
    expect(out.toString().trim().split(' ')).toEqual(urls)
  } finally {
    base.remove()
  }
  expect(existsSync(base.folder)).toBe(false)
})
