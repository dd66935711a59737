import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findMissingPrograms, type RunOptions, readPrograms, runProgram } from '../readme-programs.ts'
import { readWorkspaces } from '../workspace.ts'
import { makeTree } from './tree.ts'

async function run(code: string, options: RunOptions & { isJavaScript?: boolean } = {}): Promise<string[]> {
  const folder = makeTree({ 'package.json': { type: 'module' } })
  copyFileSync(join(import.meta.dirname, '../consumer/listen-anywhere.mjs'), join(folder, 'listen-anywhere.mjs'))
  const program = { where: 'README.md:3', code, isJavaScript: options.isJavaScript === true, engine: undefined }
  const problems = await runProgram(folder, process.execPath, program, options)
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
    expect(await run(server(''), { timeout: 1_000 })).toEqual([
      expect.stringContaining('did not answer the first request')
    ])
  })

  it('lets a program end by itself, types and all', async () => {
    expect(await run('const one: number = 1\nconsole.log(one, process.env.SESSION_SECRET.length >= 32)')).toEqual([])
  })

  it('gives a program its environment, and takes JavaScript as it is', async () => {
    const options = { isJavaScript: true, environment: { REDIS_URL: 'redis://127.0.0.1:1' } }
    expect(await run("if (process.env.REDIS_URL !== 'redis://127.0.0.1:1') throw new Error('none')", options)).toEqual(
      []
    )
    expect(await run('const one: number = 1', options)).toEqual([expect.stringContaining('SyntaxError')])
  })

  it('refuses a program that fails, and shows its output', async () => {
    expect(await run("throw new Error('no such option')")).toEqual([
      expect.stringMatching(/ended with 1[\s\S]*no such/)
    ])
  })

  it('ends a program that does not end', async () => {
    expect(await run('setInterval(() => {}, 1000)', { timeout: 500 })).toEqual([
      expect.stringContaining('neither listened nor')
    ])
  })
})

describe('findMissingPrograms', () => {
  const program = '# A\n<!-- snippet: program -->\n```ts\none()\n```\n'
  const files = {
    'README.md': program,
    'packages/core/package.json': { name: '@kvsession/core' },
    'packages/core/README.md': program,
    'packages/koa/package.json': { name: '@kvsession/koa' },
    'packages/koa/README.md': program.replace('program', 'program with REDIS_URL of redis'),
    'packages/store-dynamodb/package.json': { name: '@kvsession/store-dynamodb' },
    'packages/store-dynamodb/README.md': '<!-- no program: it needs an account -->\n'
  }

  it('asks the root and each package that runs anywhere for a complete program', () => {
    const root = makeTree(files)
    expect(readPrograms(root, readWorkspaces(root))).toEqual([
      { where: 'README.md:4', code: 'one()', isJavaScript: false, engine: undefined },
      { where: 'packages/core/README.md:4', code: 'one()', isJavaScript: false, engine: undefined },
      {
        where: 'packages/koa/README.md:4',
        code: 'one()',
        isJavaScript: false,
        engine: { variable: 'REDIS_URL', name: 'redis' }
      }
    ])
    expect(findMissingPrograms(root, readWorkspaces(root))).toEqual([])
  })

  it('names what a program imports and no npm install of its README installs', () => {
    const code =
      "import 'x'\nimport { createServer } from 'node:http'\nimport Koa from 'koa'\nimport { session } from '@kvsession/koa'"
    const readme = `npm install koa\n<!-- snippet: program -->\n\`\`\`ts\n${code}\n\`\`\`\n`
    const root = makeTree({ ...files, 'packages/koa/README.md': readme })
    expect(findMissingPrograms(root, readWorkspaces(root))).toEqual([
      {
        where: 'packages/koa/README.md:4',
        what: 'imports @kvsession/koa, which no `npm install` of the README names'
      }
    ])
  })

  it('names those that have none', () => {
    const root = makeTree({ ...files, 'packages/koa/README.md': '```ts\none()\n```\n' })
    expect(findMissingPrograms(root, readWorkspaces(root)).map(({ where }) => where)).toEqual([
      'packages/koa/README.md'
    ])
  })
})
