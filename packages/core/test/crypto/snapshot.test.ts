import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

const program = `
import { startupSnapshot } from 'node:v8'
import { createRandomSource, createUniqueIds } from ${JSON.stringify(join(import.meta.dirname, '../../src/crypto/random.ts'))}

const random = createRandomSource()
const newId = createUniqueIds(random)
// Random bytes are drawn before the snapshot is taken, for example for the id of a probe.
random(16)
newId()
startupSnapshot.setDeserializeMainFunction(() => {
  console.log([random(16), random(12)].map((bytes) => Buffer.from(bytes).toString('hex')).join() + ',' + newId())
})
`

it('Processes that start from one V8 snapshot draw different ids, secrets, write ids and initialisation vectors', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kvsession-snapshot-'))
  try {
    const { outputFiles } = await build({
      stdin: { contents: program, resolveDir: import.meta.dirname, sourcefile: 'entry.js' },
      bundle: true,
      write: false,
      format: 'cjs',
      platform: 'node',
      conditions: ['@kvsession/source']
    })
    writeFileSync(join(folder, 'entry.cjs'), outputFiles[0]?.text ?? '')
    const node = (...args: string[]): string =>
      execFileSync(process.execPath, ['--snapshot-blob', 'snapshot.blob', ...args], {
        cwd: folder,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore']
      })
    node('--build-snapshot', 'entry.cjs')
    const [one = '', other = ''] = [node(), node()]
    expect(one).toMatch(/^[0-9a-f]{32},[0-9a-f]{24},[\w-]{13}\n$/)
    expect(other).not.toBe(one)
    for (const [at, value] of one.split(',').entries()) expect(other.split(',')[at]).not.toBe(value)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
