import { CommandFailed, type TestProcess } from '../../src/processes/test-process.ts'
import type { RacingCommands, RacingOptions } from './racing-process.ts'

/** Enough that every process has a dozen requests of its own under way. */
export const parallel = 50

/** The process for a request: all processes in turn. */
export type ProcessPicker = (turn: number) => TestProcess<RacingCommands>

export function roundRobin(processes: readonly TestProcess<RacingCommands>[]): ProcessPicker {
  return (turn) => {
    const process = processes[turn % processes.length]
    if (process === undefined) throw new Error('no process was started')
    return process
  }
}

const indexes = Array.from({ length: parallel }, (_, index) => index)
/** Up to 20 ms, in an order that differs from that of the requests. */
const waitOf = (index: number): number => (index * 7919) % 21

export interface WritersOutcome {
  /** How many of the {@link parallel} keys are there that as many requests wrote. */
  readonly keys: number
  /** The sum of {@link parallel} increments. */
  readonly count: number
}

/** Requests write a key each and increment one count, all at once, in one session. */
export async function raceWriters(process: ProcessPicker): Promise<WritersOutcome> {
  const cookie = await process(0).call('login', 'writer')
  await Promise.all(indexes.map((index) => process(index).call('write', cookie, `key${index}`, waitOf(index))))
  await Promise.all(indexes.map((index) => process(index).call('increment', cookie)))
  const { data = {} } = (await process(1).call('read', cookie)) ?? {}
  return { keys: Object.keys(data).filter((key) => key.startsWith('key')).length, count: Number(data.count) }
}

/** A logout while every process has slow requests of that session under way. Returns in how many it lives on. */
export async function raceLogout(process: ProcessPicker, processes: number): Promise<number> {
  const cookie = await process(0).call('login', 'leaver')
  const slow = indexes
    .slice(0, 20)
    .map((index) => process(index).call('write', cookie, `late${index}`, 30 + waitOf(index)))
  await process(1).call('logout', cookie)
  await Promise.all(slow)
  return countLive(process, Array(processes).fill(cookie))
}

export interface RegenerateOutcome {
  /** How many of the new cookies open the session. */
  readonly live: number
  /** Whether the old cookie opens it. */
  readonly oldIsLive: boolean
}

/** Every process regenerates the same session at once, beside writers. */
export async function raceRegenerate(process: ProcessPicker, processes: number): Promise<RegenerateOutcome> {
  const cookie = await process(0).call('login', 'regenerator')
  const regenerations = Array.from({ length: processes }, (_, turn) => process(turn).call('regenerate', cookie))
  const writers = indexes
    .slice(0, 12)
    .map((index) => process(index).call('write', cookie, `key${index}`, waitOf(index)))
  const sent = (await Promise.all(regenerations)).filter((one) => one !== '')
  await Promise.all(writers)
  const opened = await Promise.all(sent.map((one, turn) => process(turn).call('read', one)))
  return {
    live: opened.filter((session) => session?.user === 'regenerator').length,
    oldIsLive: (await process(1).call('read', cookie)) !== undefined
  }
}

export interface IndexOutcome {
  /** Sessions that parallel logins of one user made, and how many of them the list shows. */
  readonly loggedIn: number
  readonly listed: number
  /** Logins beside `revokeAll` that succeeded and whose session is live and yet missing from the list. */
  readonly unlisted: number
  /** Sessions from before `revokeAll` that are still live. */
  readonly survivors: number
  /** Sessions live after a last `revokeAll` without concurrent requests. */
  readonly left: number
}

/** One user logs in at all processes at once, is revoked while more logins are under way, and then revoked alone. */
export async function raceIndex(process: ProcessPicker): Promise<IndexOutcome> {
  const user = 'everywhere'
  const first = await Promise.all(indexes.slice(0, 40).map((index) => process(index).call('login', user)))
  const listed = await process(2).call('count', user)

  const beside = indexes.slice(0, 20).map((index) => process(index).call('login', user).catch(refused))
  await process(3).call('revokeAll', user)
  const later = (await Promise.all(beside)).filter((cookie) => cookie !== '')
  const survivors = await countLive(process, first)
  const lateLive = await countLive(process, later)
  const unlisted = Math.max(0, lateLive + survivors - (await process(0).call('count', user)))

  await process(0).call('revokeAll', user)
  const left = (await countLive(process, [...first, ...later])) + (await process(1).call('count', user))
  return { loggedIn: first.length, listed, unlisted, survivors, left }
}

/** The processes of {@link raceUnlike}: two web servers, an administrator's script, a node of another release. */
export const unlikeProcesses: readonly RacingOptions[] = [
  { idleTimeout: '8h' },
  { idleTimeout: '8h' },
  // By its clock and its timeouts, every session of the web servers has been idle for too long.
  { ahead: 2 * 3_600_000 },
  {}
]

/**
 * A user is logged in at web servers and at a node with shorter timeouts, while a process that considers all of the
 * sessions expired lists them, and revokes them. Returns how many are live after that revocation.
 */
export async function raceUnlike(
  process: ProcessPicker
): Promise<{ readonly loggedIn: number; readonly left: number }> {
  const user = 'everyone'
  const logins = indexes.map((index) => process(index % 3 === 2 ? 3 : index % 2).call('login', user))
  const lists = indexes.slice(0, 10).map(() => process(2).call('count', user))
  const cookies = await Promise.all(logins)
  await Promise.all(lists)
  const visits = indexes.map((index) => process(index % 2).call('write', cookies[index] ?? '', 'seen', waitOf(index)))
  await Promise.all([...visits, process(2).call('count', user)])
  await process(2).call('revokeAll', user)
  return { loggedIn: cookies.length, left: await countLive((turn) => process(turn % 2), cookies) }
}

/** A login that `revokeAll` has overtaken says so and creates no session. */
function refused(error: unknown): string {
  if (error instanceof CommandFailed && error.code === 'LOGIN_REVOKED') return ''
  throw error
}

async function countLive(process: ProcessPicker, cookies: readonly string[]): Promise<number> {
  const read = await Promise.all(cookies.map((cookie, turn) => process(turn).call('read', cookie)))
  return read.filter((session) => session !== undefined).length
}
