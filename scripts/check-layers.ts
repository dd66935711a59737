import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { drawMap, mapPath } from './draw-map.ts'
import { type FurnishedRoom, readCore } from './layers.ts'
import { type Problem, reportProblems } from './problem.ts'

/** The rooms of core from top to bottom in words: what they are for, their files, and the rooms they import. */
export function describeRooms(rooms: readonly FurnishedRoom[]): string[] {
  return rooms.flatMap(({ name, purpose, files, imports }, index) => {
    const above = rooms.slice(0, index).map((room) => room.name)
    const down = imports.filter((other) => !above.includes(other))
    const up = imports.filter((other) => above.includes(other))
    return [
      `${name}: ${purpose}`,
      `    holds ${files.map((file) => file.slice(file.indexOf('/') + 1)).join(', ')}`,
      `    imports ${down.join(', ') || 'no other room'}`,
      ...(up.length > 0 ? [`    imports upwards ${up.join(', ')}`] : [])
    ]
  })
}

/** Says whether the committed picture shows what the sources import. */
export async function findMapProblems(root: string, rooms: readonly FurnishedRoom[]): Promise<Problem[]> {
  const file = join(root, mapPath)
  if (existsSync(file) && readFileSync(file, 'utf8') === (await drawMap(rooms))) return []
  return [{ where: mapPath, what: 'does not show what core imports now: npm run map draws it again' }]
}

if (process.argv[1] === import.meta.filename) {
  const root = process.cwd()
  const rooms = readCore(root)
  console.log(describeRooms(rooms).join('\n'))
  reportProblems('layers', await findMapProblems(root, rooms), 'the map shows what core imports')
}
