import { join } from 'node:path'
import { type ImportGraph, readImportGraph } from './import-graph.ts'
import type { Problem } from './problem.ts'
import { readManifest } from './workspace.ts'

/** A folder of core, or files of its top folder that belong together. A layer imports only layers below it. */
export interface Layer {
  readonly name: string
  /** A short description for the map. */
  readonly purpose: string
  /** Below `packages/core/src`; the name of a folder ends with a slash. Each imports only those after it. */
  readonly members: readonly string[]
  /** Whether the members may import one another in any order, though not in a circle. */
  readonly flat?: boolean
}

/** Core from top to bottom. A file or folder may be named before it exists. */
export const layersOfCore: readonly Layer[] = [
  { name: 'entries', purpose: 'what other packages import', members: ['index.ts', 'adapter.ts'] },
  {
    name: 'managers',
    purpose: 'from options to working parts',
    members: ['session-manager.ts', 'session-administration.ts', 'guard-callbacks.ts']
  },
  { name: 'session/', purpose: 'a request and its session', members: ['session/'] },
  { name: 'users/', purpose: 'which sessions a user has', members: ['users/'] },
  {
    name: 'settings',
    purpose: 'options, and what all parts share',
    members: ['data-schema.ts', 'context.ts', 'resolve-options.ts', 'session-manager-options.ts']
  },
  { name: 'store/', purpose: 'reads and writes by key', members: ['store/'] },
  { name: 'record/', purpose: 'what is stored of a session', members: ['record/'] },
  { name: 'transport/', purpose: 'cookies in, headers out', members: ['transport/'] },
  { name: 'token/', purpose: 'the signed value in the cookie', members: ['token/'] },
  { name: 'crypto/', purpose: 'hashes and random bytes', members: ['crypto/'] },
  {
    name: 'base',
    purpose: 'every layer may import these',
    members: ['errors.ts', 'events.ts', 'clock.ts', 'duration.ts', 'option-check.ts', 'callback.ts'],
    flat: true
  }
]

/** Every upward import of core, and every file that is in no layer. */
export function findLayerProblems(graph: ImportGraph, source: string): Problem[] {
  const unlisted = graph.files.filter((file) => positionOf(file) === undefined)
  const upward = graph.imports.flatMap(({ from, to, line }) => {
    const [upper, lower] = [positionOf(to), positionOf(from)]
    if (upper === undefined || lower === undefined || lower.step <= upper.step) return []
    const what = `${to} is above ${lower.member}: move what both need into ${lower.member} or below, or take it as a parameter (npm run check -- layers shows the order)`
    return [{ where: `${source}/${from}:${line}`, what }]
  })
  return [
    ...unlisted.map((file) => ({
      where: `${source}/${file}`,
      what: 'is in no layer: add it to scripts/layers.ts'
    })),
    ...upward
  ]
}

/** The files of a layer and the layers it imports, both in order. */
export interface LayerContents {
  readonly name: string
  readonly purpose: string
  readonly files: readonly string[]
  readonly imports: readonly string[]
}

/** The layers that have files, from top to bottom. */
export function readLayers({ files, imports }: ImportGraph): LayerContents[] {
  const names = layersOfCore.map(({ name }) => name)
  return layersOfCore.flatMap(({ name, purpose }) => {
    const own = files.filter((file) => positionOf(file)?.layer === name)
    if (own.length === 0) return []
    const used = imports.filter(({ from }) => own.includes(from)).map(({ to }) => positionOf(to)?.layer)
    return [{ name, purpose, files: own, imports: names.filter((other) => other !== name && used.includes(other)) }]
  })
}

/** The layers of core in the tree at `root`. */
export function readCore(root: string): LayerContents[] {
  const core = join(root, 'packages/core')
  return readLayers(readImportGraph(join(core, 'src'), readManifest(join(core, 'package.json'))))
}

interface Position {
  readonly layer: string
  readonly member: string
  /** Counts from the top. */
  readonly step: number
}

const positions: readonly Position[] = layersOfCore.flatMap(({ name, members, flat }, layer) =>
  members.map((member, index) => ({ layer: name, member, step: layer + (flat ? 0 : index / members.length) }))
)

function positionOf(file: string): Position | undefined {
  return positions.find(({ member }) => file === member || (member.endsWith('/') && file.startsWith(member)))
}
