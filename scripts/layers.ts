import type { ImportGraph } from './import-graph.ts'
import type { Problem } from './problem.ts'

/** A folder of core, or files of its top folder that belong together. A room imports only what stands below it. */
export interface Room {
  readonly name: string
  /** Below `packages/core/src`; the name of a folder ends with a slash. Each imports only what stands after it. */
  readonly members: readonly string[]
  /** Whether the members may import one another in any order, though not in a circle. */
  readonly flat?: boolean
}

/** Core from top to bottom. A file or folder may be named before it exists. */
export const roomsOfCore: readonly Room[] = [
  { name: 'entries', members: ['index.ts', 'adapter.ts'] },
  { name: 'managers', members: ['session-manager.ts', 'session-administration.ts'] },
  { name: 'session/', members: ['session/'] },
  { name: 'users/', members: ['users/'] },
  { name: 'settings', members: ['context.ts', 'resolve-options.ts', 'session-manager-options.ts'] },
  { name: 'store/', members: ['store/'] },
  { name: 'record/', members: ['record/'] },
  { name: 'transport/', members: ['transport/'] },
  { name: 'token/', members: ['token/'] },
  { name: 'crypto/', members: ['crypto/'] },
  {
    name: 'floor',
    members: ['errors.ts', 'events.ts', 'clock.ts', 'duration.ts', 'option-check.ts'],
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
  readonly files: readonly string[]
  readonly imports: readonly string[]
}

/** The rooms that hold files, from top to bottom. */
export function readRooms({ files, imports }: ImportGraph): FurnishedRoom[] {
  const names = roomsOfCore.map(({ name }) => name)
  return names.flatMap((name) => {
    const own = files.filter((file) => placeOf(file)?.room === name)
    if (own.length === 0) return []
    const used = imports.filter(({ from }) => own.includes(from)).map(({ to }) => placeOf(to)?.room)
    return [{ name, files: own, imports: names.filter((other) => other !== name && used.includes(other)) }]
  })
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
