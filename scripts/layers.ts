import { join } from 'node:path'
import { type ImportGraph, readImportGraph } from './import-graph.ts'
import type { Problem } from './problem.ts'
import { readManifest } from './workspace.ts'

/** A folder of core, or files of its top folder that belong together. A room imports only what stands below it. */
export interface Room {
  readonly name: string
  /** In a few words, for the map. */
  readonly purpose: string
  /** Below `packages/core/src`; the name of a folder ends with a slash. Each imports only what stands after it. */
  readonly members: readonly string[]
  /** Whether the members may import one another in any order, though not in a circle. */
  readonly flat?: boolean
}

/** Core from top to bottom. A file or folder may be named before it exists. */
export const roomsOfCore: readonly Room[] = [
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
    name: 'floor',
    purpose: 'every room may import these',
    members: ['errors.ts', 'events.ts', 'clock.ts', 'duration.ts', 'option-check.ts', 'callback.ts'],
    flat: true
  }
]

/** Every import of core that leads upwards, and every file that stands in no room. */
export function findLayerProblems(graph: ImportGraph, source: string): Problem[] {
  const strangers = graph.files.filter((file) => placeOf(file) === undefined)
  const upward = graph.imports.flatMap(({ from, to, line }) => {
    const [upper, lower] = [placeOf(to), placeOf(from)]
    if (upper === undefined || lower === undefined || lower.step <= upper.step) return []
    const what = `${to} stands above ${lower.member}: move what both need into ${lower.member} or below, or take it as a parameter (npm run check -- layers shows the order)`
    return [{ where: `${source}/${from}:${line}`, what }]
  })
  return [
    ...strangers.map((file) => ({
      where: `${source}/${file}`,
      what: 'stands in no room: name its place in scripts/layers.ts'
    })),
    ...upward
  ]
}

/** A room as it is: the files it holds and the rooms it imports, both in order. */
export interface FurnishedRoom {
  readonly name: string
  readonly purpose: string
  readonly files: readonly string[]
  readonly imports: readonly string[]
}

/** The rooms that hold files, from top to bottom. */
export function readRooms({ files, imports }: ImportGraph): FurnishedRoom[] {
  const names = roomsOfCore.map(({ name }) => name)
  return roomsOfCore.flatMap(({ name, purpose }) => {
    const own = files.filter((file) => placeOf(file)?.room === name)
    if (own.length === 0) return []
    const used = imports.filter(({ from }) => own.includes(from)).map(({ to }) => placeOf(to)?.room)
    return [{ name, purpose, files: own, imports: names.filter((other) => other !== name && used.includes(other)) }]
  })
}

/** The rooms of core in the tree at `root`. */
export function readCore(root: string): FurnishedRoom[] {
  const core = join(root, 'packages/core')
  return readRooms(readImportGraph(join(core, 'src'), readManifest(join(core, 'package.json'))))
}

interface Place {
  readonly room: string
  readonly member: string
  /** Counts from the top. */
  readonly step: number
}

const places: readonly Place[] = roomsOfCore.flatMap(({ name, members, flat }, room) =>
  members.map((member, index) => ({ room: name, member, step: room + (flat ? 0 : index / members.length) }))
)

function placeOf(file: string): Place | undefined {
  return places.find(({ member }) => file === member || (member.endsWith('/') && file.startsWith(member)))
}
