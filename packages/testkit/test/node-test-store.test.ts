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

describe('under the describe and it of node:test', () => {
  it('a correct store passes every case', () => {
    const { status, stdout } = run()
    expect(stdout).toContain(`# pass ${cases}\n`)
    expect(stdout).toContain('# fail 0\n')
    expect(stdout).toContain('# skipped 0\n')
    expect(status).toBe(0)
  })

  it('a broken one fails the run and the case that names its mistake', () => {
    const { status, stdout } = run('takes _ in a prefix for any character')
    expect(stdout).toMatch(/not ok \d+ - the prefix is literal text: _ is no wildcard/)
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
