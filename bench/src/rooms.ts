import type { Profiler, Runtime } from 'node:inspector'

/** Parts of a program by what they are for, and the share of the processor time that each takes: 0 to 1, 1 in all. */
export type Rooms = ReadonlyMap<string, number>

const root = new URL('../..', import.meta.url).href

/** Adds up a profile of V8 by the file that each sample was in. What a built-in does counts for whoever called it. */
export function roomsOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Rooms {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const callers = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)))
  const roomOfNode = new Map<number, string>()
  const roomAt = (id: number | undefined): string => {
    const node = id === undefined ? undefined : byId.get(id)
    if (!node) return 'engine: promises, built-ins, compiling'
    const known = roomOfNode.get(node.id)
    if (known !== undefined) return known
    const room = roomOf(node.callFrame) ?? roomAt(callers.get(node.id))
    roomOfNode.set(node.id, room)
    return room
  }
  const times = new Map<string, number>()
  let whole = 0
  for (const [index, sample] of samples.entries()) {
    const room = roomAt(sample)
    const time = timeDeltas[index] ?? 0
    if (room === 'idle') continue
    whole += time
    times.set(room, (times.get(room) ?? 0) + time)
  }
  return new Map(Array.from(times, ([room, time]) => [room, time / whole]))
}

const packageOf = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/

/** `undefined`: its caller's. */
function roomOf({ functionName, url }: Readonly<Pick<Runtime.CallFrame, 'functionName' | 'url'>>): string | undefined {
  if (functionName === '(garbage collector)') return 'garbage collection'
  if (functionName === '(idle)') return 'idle'
  if (functionName === '(program)') return 'engine: promises, built-ins, compiling'
  if (url === '') return undefined
  if (url.startsWith('node:internal/crypto')) return 'Node: cryptography'
  if (url.startsWith('node:')) return 'Node: requests, responses, streams'
  const library = packageOf.exec(url)?.[1]
  if (library !== undefined) return library
  const path = url.startsWith(root) ? url.slice(root.length) : url
  const file = /^packages\/([^/]+)\/(?:src|dist)\/(.*)\.[jt]s$/.exec(path)
  if (file) return `${file[1]}: ${file[2]}`
  return path === 'bench/src/floor.ts' ? 'floor' : 'bench: handlers and harness'
}
