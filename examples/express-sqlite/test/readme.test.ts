import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { startServer } from './start-server.ts'

it('The curl commands of the README work as written', async () => {
  const readme = readFileSync(fileURLToPath(new URL('../README.md', import.meta.url)), 'utf8')
  const walk = /## With curl\n+```sh\n(.*?)```/s.exec(readme)?.[1] ?? ''
  const folder = mkdtempSync(join(tmpdir(), 'shop-'))
  const server = await startServer(folder)
  try {
    const script = walk.replace('http://127.0.0.1:3000', server.address)
    const { stdout } = await promisify(execFile)('bash', ['-euc', script], { env: { ...process.env, TMPDIR: folder } })
    expect(
      stdout
        .replaceAll(server.address, '')
        .split('\n')
        .map((line) => line.trim())
    ).toEqual(['303 /', '303 /', '200', '200', '3', '403', '303 /login?out', '303 /login', ''])
  } finally {
    await server.kill()
    rmSync(folder, { recursive: true })
  }
})
