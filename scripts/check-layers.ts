import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { drawMap, mapPath } from './draw-map.ts'
import { type LayerContents, readCore } from './layers.ts'
import { type Problem, reportProblems } from './problem.ts'

/** Describes the layers of core from top to bottom: their purpose, their files, and the layers that they import. */
export function describeLayers(layers: readonly LayerContents[]): string[] {
  return layers.flatMap(({ name, purpose, files, imports }, index) => {
    const above = layers.slice(0, index).map((layer) => layer.name)
    const down = imports.filter((other) => !above.includes(other))
    const up = imports.filter((other) => above.includes(other))
    return [
      `${name}: ${purpose}`,
      `    holds ${files.map((file) => file.slice(file.indexOf('/') + 1)).join(', ')}`,
      `    imports ${down.join(', ') || 'no other layer'}`,
      ...(up.length > 0 ? [`    imports upwards ${up.join(', ')}`] : [])
    ]
  })
}

/** Compares the committed picture with the imports of the sources. */
export async function findMapProblems(root: string, layers: readonly LayerContents[]): Promise<Problem[]> {
  const file = join(root, mapPath)
  if (existsSync(file) && readFileSync(file, 'utf8') === (await drawMap(layers))) return []
  return [{ where: mapPath, what: 'does not show the current imports of core: run npm run map' }]
}

if (process.argv[1] === import.meta.filename) {
  const root = process.cwd()
  const layers = readCore(root)
  console.log(describeLayers(layers).join('\n'))
  reportProblems('layers', await findMapProblems(root, layers), 'the map shows the imports of core')
}
