/** One node uses another. */
export interface Arrow {
  readonly from: string
  readonly to: string
}

export interface Circle {
  /** Each node uses the next one, and the last node uses the first. */
  readonly members: readonly string[]
  /** The number of nodes that reach one another, including those of this circle. */
  readonly entangled: number
}

/** The shortest circle of each group of nodes that reach one another; empty if there is no circle. */
export function findCircles(arrows: readonly Arrow[]): Circle[] {
  const next = new Map<string, string[]>()
  for (const { from, to } of arrows) next.set(from, [...(next.get(from) ?? []), to])
  const names = [...next.keys()].sort()
  const reached = new Map(names.map((name) => [name, reach(next, name)]))
  const seen = new Set<string>()
  return names.flatMap((name) => {
    const forward = reached.get(name)
    if (seen.has(name) || !forward?.has(name)) return []
    const group = names.filter((other) => forward.has(other) && reached.get(other)?.has(name))
    for (const other of group) seen.add(other)
    const [members = group] = group
      .map((other) => shortestCircle(next, other))
      .sort((one, other) => one.length - other.length)
    return [{ members, entangled: group.length }]
  })
}

type Next = ReadonlyMap<string, readonly string[]>

/** All nodes that arrows from `start` lead to, including `start` itself if it is on a circle. */
function reach(next: Next, start: string): ReadonlySet<string> {
  const found = new Set<string>()
  const open = [start]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const to of next.get(name) ?? []) {
      if (found.has(to)) continue
      found.add(to)
      open.push(to)
    }
  }
  return found
}

/** @param start a node on a circle */
function shortestCircle(next: Next, start: string): string[] {
  const paths = [[start]]
  const found = new Set<string>()
  for (const path of paths) {
    for (const to of [...(next.get(path.at(-1) ?? start) ?? [])].sort()) {
      if (to === start) return path
      if (found.has(to)) continue
      found.add(to)
      paths.push([...path, to])
    }
  }
  throw new RangeError(`${start} is on no circle`)
}
