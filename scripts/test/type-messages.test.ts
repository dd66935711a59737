import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** What TypeScript says of a program that sees the packages as an application does. */
function messagesOf(program: string): string {
  const cache = join(root, 'node_modules', '.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'type-messages-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'program.ts'), program)
  const config = {
    extends: '../../../tsconfig.base.json',
    compilerOptions: { noEmit: true, composite: false, incremental: false, types: ['node'] },
    files: ['program.ts']
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const tsc = join(root, 'node_modules', '.bin', 'tsc')
  return spawnSync(tsc, ['-p', folder, '--pretty', 'false'], { encoding: 'utf8' }).stdout
}

it.each(['express', 'koa', 'hono'])(
  'TypeScript names the option of session() that was meant, and takes a secret that may be unset: %s',
  (adapter) => {
    const messages = messagesOf(`
      import { createMemoryStore } from '@kvsession/core'
      import { session } from '@kvsession/${adapter}'
      session({ store: createMemoryStore(), secret: process.env.SECRET })
      session({ store: createMemoryStore(), secret: process.env.SECRET, idelTimeout: '1h' })
    `)
    expect(messages).toContain("'idelTimeout' does not exist")
    expect(messages).toContain("Did you mean to write 'idleTimeout'?")
    expect(messages.match(/error TS/g)).toHaveLength(1)
  }
)
