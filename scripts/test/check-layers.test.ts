import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { describeLayers, findMapProblems } from '../check-layers.ts'
import { drawMap, mapPath } from '../draw-map.ts'
import { readCore } from '../layers.ts'
import { makeTree, type TreeFiles } from './tree.ts'

const core: TreeFiles = {
  'packages/core/package.json': { name: '@kvsession/core', imports: { '#crypto': './src/crypto/crypto-node.ts' } },
  'packages/core/src/index.ts': "export * from './session/load.ts'\nexport * from './token/token.ts'\n",
  'packages/core/src/session/load.ts': "import type { Token } from '../token/token.ts'\nimport './save.ts'\n",
  'packages/core/src/session/save.ts': "import '../errors.ts'\nimport '../crypto/random.ts'\n",
  'packages/core/src/token/token.ts': "import '#crypto'\n",
  'packages/core/src/crypto/crypto-node.ts': '',
  'packages/core/src/crypto/random.ts': '',
  'packages/core/src/errors.ts': ''
}

function arrowsIn(svg: string): number {
  return svg.match(/class="edge/g)?.length ?? 0
}

describe('describeLayers', () => {
  it('The layers are described from top to bottom, with their files and imports', () => {
    expect(describeLayers(readCore(makeTree(core)))).toEqual([
      expect.stringMatching(/^entries: /),
      '    holds index.ts',
      '    imports session/, token/',
      expect.stringMatching(/^session\/: /),
      '    holds load.ts, save.ts',
      '    imports token/, crypto/, base',
      expect.stringMatching(/^token\/: /),
      '    holds token.ts',
      '    imports crypto/',
      expect.stringMatching(/^crypto\/: /),
      '    holds crypto-node.ts, random.ts',
      '    imports no other layer',
      expect.stringMatching(/^base: /),
      '    holds errors.ts',
      '    imports no other layer'
    ])
  })

  it('Upward imports are marked', () => {
    const layers = readCore(makeTree({ ...core, 'packages/core/src/token/a.ts': "import '../session/load.ts'\n" }))
    expect(describeLayers(layers)).toContain('    imports upwards session/')
  })
})

describe('drawMap', () => {
  it('The map shows every layer and every file', async () => {
    const svg = await drawMap(readCore(makeTree(core)))
    for (const word of ['entries', 'index', 'session/', 'load, save', 'token/', 'crypto/', 'base', 'errors']) {
      expect(svg.replaceAll('&#45;', '-')).toContain(`>${word}</text>`)
    }
  })

  it('The map omits arrows to the lowest layer, and arrows that a longer path implies', async () => {
    // entries → session/ → token/ → crypto/ is left.
    expect(arrowsIn(await drawMap(readCore(makeTree(core))))).toBe(3)
  })

  it('The map marks upward imports', async () => {
    const tree = makeTree({ ...core, 'packages/core/src/crypto/a.ts': "import '../session/load.ts'\n" })
    const svg = await drawMap(readCore(tree))
    expect(svg).toContain('class="edge upward"')
    expect(arrowsIn(svg)).toBe(4)
  })

  it('The map is coloured by classes only, for both colour schemes', async () => {
    const svg = await drawMap(readCore(makeTree(core)))
    expect(svg).toContain('@media (prefers-color-scheme: dark)')
    expect(svg).not.toMatch(/(?:fill|stroke)="/)
  })
})

describe('findMapProblems', () => {
  async function problemsAfter(files: TreeFiles): Promise<string[]> {
    const root = makeTree(core)
    mkdirSync(dirname(join(root, mapPath)))
    writeFileSync(join(root, mapPath), await drawMap(readCore(root)))
    const problems = await findMapProblems(root, readCore(makeTree({ ...core, ...files })))
    return problems.map(({ where, what }) => `${where} ${what}`)
  }

  it('A picture that matches the imports of core is accepted', async () => {
    expect(await problemsAfter({})).toEqual([])
  })

  it('Another import between the same layers needs no new picture', async () => {
    expect(await problemsAfter({ 'packages/core/src/session/save.ts': "import '../token/token.ts'\n" })).toEqual([])
  })

  it('A picture that lacks a new file or a new arrow is refused', async () => {
    const outdated = ['docs/map-of-core.svg does not show the current imports of core: run npm run map']
    expect(await problemsAfter({ 'packages/core/src/session/new.ts': '' })).toEqual(outdated)
    expect(await problemsAfter({ 'packages/core/src/index.ts': "import './token/token.ts'\n" })).toEqual(outdated)
  })

  it('A missing picture is refused', async () => {
    const root = makeTree(core)
    expect(await findMapProblems(root, readCore(root))).toHaveLength(1)
  })
})
