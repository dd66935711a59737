import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { findSizeProblems } from '../check-size.ts'
import { makeTree } from './tree.ts'

/** Random-looking text: 32 bytes a line after compression. */
function ballast(lines: number): string {
  const hashes = Array.from({ length: lines }, (_, index) => createHash('sha256').update(`${index}`).digest('base64'))
  return `export const ballast = ${JSON.stringify(hashes.join(''))}\n`
}

async function weigh(nodeLines: number, portableLines: number): Promise<{ printed: string[]; problems: string[] }> {
  const exports = { '.': './index.js' }
  const core = { name: '@kvsession/core', type: 'module', exports }
  const root = makeTree({
    'packages/core/package.json': core,
    'node_modules/@kvsession/core/package.json': {
      ...core,
      imports: { '#crypto': { node: './node.js', default: './portable.js' } }
    },
    'node_modules/@kvsession/core/index.js': "export * from '#crypto'\n",
    'node_modules/@kvsession/core/node.js': ballast(nodeLines),
    'node_modules/@kvsession/core/portable.js': ballast(portableLines)
  })
  const printed: string[] = []
  const problems = await findSizeProblems(root, (line) => printed.push(line))
  return { printed, problems: problems.map(({ what }) => what) }
}

describe('check-size', () => {
  it('The check prints the size of core on Node and on other platforms', async () => {
    const { printed, problems } = await weigh(10, 20)
    expect(printed).toEqual([
      expect.stringMatching(/^core, on Node: \d{3} bytes of \d{5}$/),
      expect.stringMatching(/^core, elsewhere: \d{3} bytes of \d{5}$/)
    ])
    expect(problems).toEqual([])
  })

  it('A core that exceeds its budget on either platform is refused', async () => {
    expect((await weigh(1_000, 1)).problems).toEqual([expect.stringMatching(/^core, on Node has \d+ bytes, \d+ over/)])
    expect((await weigh(1, 1_000)).problems).toEqual([expect.stringMatching(/^core, elsewhere has \d+ bytes/)])
  })
})
