import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findMissingPrograms, readPrograms, runProgram } from '../readme-programs.ts'
import { readWorkspaces } from '../workspace.ts'
import { makeTree } from './tree.ts'

async function run(text: string, patience?: number): Promise<string[]> {
  const folder = makeTree({ 'package.json': { type: 'module' } })
  copyFileSync(join(import.meta.dirname, '../consumer/listen-anywhere.mjs'), join(folder, 'listen-anywhere.mjs'))
  const problems = await runProgram(folder, process.execPath, { where: 'README.md:3', text }, patience)
  return problems.map(({ where, what }) => `${where} ${what}`)
}

function server(handler: string): string {
  return `import { createServer } from 'node:http'\ncreateServer((req, res) => { ${handler} }).listen(80, '0.0.0.0')\n`
}

describe('runProgram', () => {
  it('visits a server twice, with its cookie, wherever it wanted to listen', async () => {
    const handler = "if (req.headers.cookie !== 'sid=1') res.setHeader('set-cookie', 'sid=1; Path=/'); res.end()"
    expect(await run(server(handler))).toEqual([])
  })

  it('refuses a server that does not remember', async () => {
    const handler = "res.statusCode = req.headers.cookie ? 500 : 200; res.setHeader('set-cookie', 'sid=1'); res.end()"
    expect(await run(server(handler))).toEqual([
      expect.stringMatching(/^README\.md:3 answered the second request with 500/)
    ])
  })

  it('refuses a server that sets no cookie', async () => {
    expect(await run(server('res.end()'))).toEqual([expect.stringContaining('set no cookie')])
  })

  it('refuses a server that does not answer', async () => {
    expect(await run(server(''), 1_000)).toEqual([expect.stringContaining('did not answer the first request')])
  })

  it('lets a program end by itself, types and all', async () => {
    expect(await run('const one: number = 1\nconsole.log(one, process.env.SESSION_SECRET.length >= 32)')).toEqual([])
  })

  it('refuses a program that fails, and shows its output', async () => {
    expect(await run("throw new Error('no such option')")).toEqual([
      expect.stringMatching(/ended with 1[\s\S]*no such/)
    ])
  })

  it('ends a program that does not end', async () => {
    expect(await run('setInterval(() => {}, 1000)', 500)).toEqual([expect.stringContaining('neither listened nor')])
  })
})

describe('findMissingPrograms', () => {
  const program = '# A\n<!-- snippet: program -->\n```ts\none()\n```\n'
  const files = {
    'README.md': program,
    'packages/core/package.json': { name: '@kvsession/core' },
    'packages/koa/package.json': { name: '@kvsession/koa' },
    'packages/koa/README.md': program
  }

  it('asks the root and each adapter for a complete program', () => {
    const root = makeTree(files)
    expect(readPrograms(root, readWorkspaces(root))).toEqual([
      { where: 'README.md:4', text: 'one()' },
      { where: 'packages/koa/README.md:4', text: 'one()' }
    ])
    expect(findMissingPrograms(root, readWorkspaces(root))).toEqual([])
  })

  it('names those that have none', () => {
    const root = makeTree({ ...files, 'packages/koa/README.md': '```ts\none()\n```\n' })
    expect(findMissingPrograms(root, readWorkspaces(root)).map(({ where }) => where)).toEqual([
      'packages/koa/README.md'
    ])
  })
})
