import type { MemberOptions, Orders } from './orders.ts'

/** Enough that every process has a dozen of its own under way. */
export const parallel = 50

export interface RaceOutcome {
  /** Keys that are there, of {@link parallel} that as many requests wrote, each its own. */
  readonly keys: number
  /** What {@link parallel} increments came to. */
  readonly count: number
}

/** A process for each piece of work, in turn. */
export type Turns = (turn: number) => Orders

export function inTurns(members: readonly Orders[]): Turns {
  return (turn) => {
    const member = members[turn % members.length]
    if (member === undefined) throw new Error('nobody races')
    return member
  }
}

const indexes = Array.from({ length: parallel }, (_, index) => index)
/** Up to 20 ms, in no order that has to do with the requests'. */
const waitOf = (index: number): number => (index * 7919) % 21

/** Everybody writes a key of his own and counts one up, all at once, on one session. */
export async function raceWriters(member: Turns): Promise<RaceOutcome> {
  const cookie = await member(0).login('writer')
  await Promise.all(indexes.map((index) => member(index).write(cookie, `key${index}`, waitOf(index))))
  await Promise.all(indexes.map((index) => member(index).increment(cookie)))
  const data = dataOf(await member(1).read(cookie))
  return { keys: Object.keys(data).filter((key) => key.startsWith('key')).length, count: Number(data.count) }
}

/** A logout while every process has slow requests of that session under way. Gives what each finds afterwards. */
export async function raceLogout(member: Turns, processes: number): Promise<readonly string[]> {
  const cookie = await member(0).login('leaver')
  const slow = indexes.slice(0, 20).map((index) => member(index).write(cookie, `late${index}`, 30 + waitOf(index)))
  await member(1).logout(cookie)
  await Promise.all(slow)
  return Promise.all(Array.from({ length: processes }, (_, turn) => member(turn).read(cookie)))
}

export interface RegenerateOutcome {
  /** The cookies that were sent. */
  readonly sent: number
  /** How many of them open the session. */
  readonly live: number
  /** What the cookie from before opens. */
  readonly before: string
}

/** Every process regenerates the same session at once, beside writers. */
export async function raceRegenerate(member: Turns, processes: number): Promise<RegenerateOutcome> {
  const cookie = await member(0).login('regenerator')
  const swaps = Array.from({ length: processes }, (_, turn) => member(turn).regenerate(cookie))
  const writers = indexes.slice(0, 12).map((index) => member(index).write(cookie, `key${index}`, waitOf(index)))
  const sent = (await Promise.all(swaps)).filter((one) => one !== '')
  await Promise.all(writers)
  const opened = await Promise.all(sent.map((one, turn) => member(turn).read(one)))
  return {
    sent: sent.length,
    live: opened.filter((text) => text.startsWith('regenerator|')).length,
    before: await member(1).read(cookie)
  }
}

export interface IndexOutcome {
  /** Sessions that parallel logins of one user made, and how many of them the list shows. */
  readonly loggedIn: number
  readonly listed: number
  /** Logins beside `revokeAll` that ended well, whose session is live and yet not in the list. */
  readonly unlisted: number
  /** Sessions from before `revokeAll` that are still live. */
  readonly survivors: number
  /** Sessions live after a last `revokeAll` with nobody beside it. */
  readonly left: number
}

/** One user logs in everywhere at once, is revoked while more logins are under way, and then revoked in peace. */
export async function raceIndex(member: Turns): Promise<IndexOutcome> {
  const user = 'everywhere'
  const first = await Promise.all(indexes.slice(0, 40).map((index) => member(index).login(user)))
  const listed = countOf(await member(2).listed(user))

  const beside = indexes.slice(0, 20).map((index) => member(index).login(user).catch(refused))
  await member(3).revokeAll(user)
  const later = (await Promise.all(beside)).filter((cookie) => cookie !== '')
  const survivors = await liveOf(member, first)
  const lateLive = await liveOf(member, later)
  const unlisted = Math.max(0, lateLive + survivors - countOf(await member(0).listed(user)))

  await member(0).revokeAll(user)
  const left = (await liveOf(member, [...first, ...later])) + countOf(await member(1).listed(user))
  return { loggedIn: first.length, listed, unlisted, survivors, left }
}

/** What the processes of {@link raceUnlike} are: two web servers, an administrator's script, a node of another release. */
export const unlikeMembers: readonly MemberOptions[] = [
  { idleTimeout: '8h' },
  { idleTimeout: '8h' },
  // By its clock and its timeouts, every session of the web servers has been idle for too long.
  { ahead: 2 * 3_600_000 },
  {}
]

/**
 * A user is logged in at web servers and at a node with shorter timeouts, while a process that takes all of them for
 * expired lists them, and revokes them. Gives how many sessions are live when that one has revoked all.
 */
export async function raceUnlike(member: Turns): Promise<{ readonly loggedIn: number; readonly left: number }> {
  const user = 'everybody'
  const logins = indexes.map((index) => member(index % 3 === 2 ? 3 : index % 2).login(user))
  const lists = indexes.slice(0, 10).map(() => member(2).listed(user))
  const cookies = await Promise.all(logins)
  await Promise.all(lists)
  const visits = indexes.map((index) => member(index % 2).write(cookies[index] ?? '', 'seen', waitOf(index)))
  await Promise.all([...visits, member(2).listed(user)])
  await member(2).revokeAll(user)
  const webServers: Turns = (turn) => member(turn % 2)
  return { loggedIn: cookies.length, left: await liveOf(webServers, cookies) }
}

/** A login that `revokeAll` has overtaken says so and is none. */
function refused(error: unknown): string {
  if (error instanceof Error && error.message === 'LOGIN_REVOKED') return ''
  throw error
}

async function liveOf(member: Turns, cookies: readonly string[]): Promise<number> {
  const read = await Promise.all(cookies.map((cookie, turn) => member(turn).read(cookie)))
  return read.filter((text) => text !== 'nobody').length
}

function countOf(listed: string): number {
  return listed === '' ? 0 : listed.split(' ').length
}

function dataOf(read: string): Record<string, unknown> {
  const data: unknown = JSON.parse(read.slice(read.indexOf('|') + 1))
  return typeof data === 'object' && data !== null ? { ...data } : {}
}
