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
  it('A server gets two requests, the second with its cookie, on a free port instead of its own', async () => {
    const handler = "if (req.headers.cookie !== 'sid=1') res.setHeader('set-cookie', 'sid=1; Path=/'); res.end()"
    expect(await run(server(handler))).toEqual([])
  })

  it('A server that does not keep the session is refused', async () => {
    const handler = "res.statusCode = req.headers.cookie ? 500 : 200; res.setHeader('set-cookie', 'sid=1'); res.end()"
    expect(await run(server(handler))).toEqual([
      expect.stringMatching(/^README\.md:3 answered the second request with 500/)
    ])
  })

  it('A server that sets no cookie is refused', async () => {
    expect(await run(server('res.end()'))).toEqual([expect.stringContaining('set no cookie')])
  })

  it('A server that does not answer is refused', async () => {
    expect(await run(server(''), { timeout: 1_000 })).toEqual([
      expect.stringContaining('did not answer the first request')
    ])
  })

  it('A TypeScript program that ends by itself is accepted', async () => {
    expect(await run('const one: number = 1\nconsole.log(one, process.env.SESSION_SECRET.length >= 32)')).toEqual([])
  })

  it('A JavaScript program runs unchanged, with its environment', async () => {
    const options = { isJavaScript: true, environment: { REDIS_URL: 'redis://127.0.0.1:1' } }
    expect(await run("if (process.env.REDIS_URL !== 'redis://127.0.0.1:1') throw new Error('none')", options)).toEqual(
      []
    )
    expect(await run('const one: number = 1', options)).toEqual([expect.stringContaining('SyntaxError')])
  })

  it('A program that fails is refused, with its output', async () => {
    expect(await run("throw new Error('no such option')")).toEqual([
      expect.stringMatching(/ended with 1[\s\S]*no such/)
    ])
  })

  it('A program that does not end is killed', async () => {
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

  it('The root README and those of packages that run on any machine need a complete program', () => {
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

  it('An import of a program that no npm install of its README installs is a problem', () => {
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

  it('A README without a program is a problem', () => {
    const root = makeTree({ ...files, 'packages/koa/README.md': '```ts\none()\n```\n' })
    expect(findMissingPrograms(root, readWorkspaces(root)).map(({ where }) => where)).toEqual([
      'packages/koa/README.md'
    ])
  })
})
