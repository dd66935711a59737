import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { storeCases } from '@kvsession/testkit'
import { describe, expect, it } from 'vitest'
import { createMapStore } from './map-store.ts'

const program = fileURLToPath(new URL('node-test-store.ts', import.meta.url))
const cases = storeCases({
  createStore: () => createMapStore(Date.now),
  methods: ['getMany', 'compareAndSet', 'keys', 'deleteExpired', 'close']
}).length

describe('The suite in node:test', () => {
  it('A correct store passes every case in node:test', () => {
    const { status, stdout } = run()
    expect(stdout).toContain(`# pass ${cases}\n`)
    expect(stdout).toContain('# fail 0\n')
    expect(stdout).toContain('# skipped 0\n')
    expect(status).toBe(0)
  })

  it('A broken store fails the run and the expected case in node:test', () => {
    const { status, stdout } = run('treats _ in a prefix as a wildcard')
    expect(stdout).toMatch(/not ok \d+ - the prefix is literal: _ is not a wildcard/)
    expect(stdout).toContain(`# pass ${cases - 1}\n`)
    expect(stdout).toContain('# fail 1\n')
    expect(status).toBe(1)
  })
})

function run(mistake = ''): { status: number | null; stdout: string } {
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env
  return spawnSync(process.execPath, ['--conditions=@kvsession/source', '--test', '--test-reporter=tap', program], {
    encoding: 'utf8',
    env: { ...env, KVSESSION_TESTKIT_MISTAKE: mistake },
    timeout: 25_000
  })
}
