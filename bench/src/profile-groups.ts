import type { Profile } from './figures.ts'

/** What a request spends its time on, in words. */
export const profileGroups = [
  'cookie, token, cryptography',
  'record and data, to and from JSON',
  'the rest of core: loading, commit, store, timeouts',
  'the adapter',
  'hand-written code, or the peer',
  'Node and the framework',
  'garbage collection, engine'
] as const
export type ProfileGroup = (typeof profileGroups)[number]

const tokenFiles =
  /^core: (?:(?:transport|token|crypto)\/.*|cookie-header|request-source|token|keyring|base64url|random|secret-hash|crypto-\w+)$/
const dataFiles = /^core: (?:record\/.*|serializer|payload|merge|record|record-change|encryption)$/

/** Microseconds of a profile by group. @param bare of the framework alone: its rooms are the framework's. */
export function groupTimes({ rooms }: Profile, bare: Profile): ReadonlyMap<ProfileGroup, number> {
  const times = new Map<ProfileGroup, number>()
  for (const [room, time] of Object.entries(rooms)) {
    const group = groupOf(room, bare)
    times.set(group, (times.get(group) ?? 0) + time)
  }
  return times
}

function groupOf(room: string, bare: Profile): ProfileGroup {
  if (tokenFiles.test(room) || room === 'Node: cryptography') return 'cookie, token, cryptography'
  if (dataFiles.test(room)) return 'record and data, to and from JSON'
  if (room === 'core: adapter') return 'the adapter'
  if (room.startsWith('core: ')) return 'the rest of core: loading, commit, store, timeouts'
  if (/^(?:express|koa|hono): /.test(room)) return 'the adapter'
  if (/^(?:garbage collection|engine)/.test(room)) return 'garbage collection, engine'
  return room in bare.rooms ? 'Node and the framework' : 'hand-written code, or the peer'
}
