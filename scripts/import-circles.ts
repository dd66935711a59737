import { findCircles } from './circles.ts'
import type { ImportGraph } from './import-graph.ts'
import type { Problem } from './problem.ts'

/** Circles between files. Messages name paths below `source`, the folder of the graph. */
export function findFileCircles({ imports }: ImportGraph, source: string): Problem[] {
  return findCircles(imports).map(({ members, entangled }) => {
    const [first = '', second = first] = members
    const line = imports.find(({ from, to }) => from === first && to === second)?.line
    const more = entangled > members.length ? ` (${entangled} files are entangled)` : ''
    const what = `${[...members, first].join(' → ')} is a circle${more}: move what they share into a file below them, or take it as a parameter`
    return { where: `${source}/${first}:${line}`, what }
  })
}

/** Circles between the folders of a graph, and between these and the files beside them. */
export function findFolderCircles({ imports }: ImportGraph, source: string): Problem[] {
  const folderOf = (file: string): string => file.replace(/\/.*/, '/')
  const between = imports.filter(({ from, to }) => folderOf(from) !== folderOf(to))
  const arrows = between.map(({ from, to }) => ({ from: folderOf(from), to: folderOf(to) }))
  return findCircles(arrows)
    .filter(({ members }) => members.some((member) => member.endsWith('/')))
    .map(({ members }) => {
      const [first = ''] = members
      const examples = members.map((member, index) => {
        const next = members[index + 1] ?? first
        const found = between.find(({ from, to }) => folderOf(from) === member && folderOf(to) === next)
        return `${found?.from} imports ${found?.to}`
      })
      const what = `${[...members, first].join(' → ')} is a circle of folders (${examples.join(', ')}): let one of them import the other`
      return { where: source, what }
    })
}
