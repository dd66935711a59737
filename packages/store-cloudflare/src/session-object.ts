import { property } from './binding.ts'
import { type Command, decodeCommand, type Outcome } from './command.ts'

/** What the object calls of its storage, which has to be one of SQLite (`new_sqlite_classes`). */
export interface SessionObjectStorage {
  get(key: string): Promise<unknown>
  put(key: string, value: unknown): Promise<void>
  deleteAll(): Promise<void>
  getAlarm(): Promise<number | null>
  setAlarm(time: number): Promise<void>
  deleteAlarm(): Promise<void>
}

export interface SessionObjectState {
  readonly storage: SessionObjectStorage
}

interface StoredRecord {
  /** UTF-8: as a text, one emoji would double the size, and 1 MiB would not fit. */
  readonly bytes: Uint8Array
  readonly expiresAt: number
  /** When the alarm may delete it, by the clock of the object. */
  readonly collectAt: number
}

const place = 'record'
/** The alarm collects this many ms after the deadline, so that its clock and the worker's may differ. */
const grace = 60_000
/** Alarms beyond the year 2189 are refused: a later one is set by the alarm before it. */
const longestAlarm = 365 * 86_400_000

/**
 * The Durable Object that `createDurableObjectStore` talks to: one for each key. Export it from the worker, bind it, and
 * list it under `new_sqlite_classes` in a migration. It deletes itself by an alarm when its record is over.
 */
export class SessionObject {
  readonly #storage: SessionObjectStorage

  constructor(state: SessionObjectState) {
    this.#storage = state.storage
  }

  /** One command of the store. Nothing else can reach it: a Durable Object has no address. */
  async fetch(request: Request): Promise<Response> {
    if (!hasSqlite(this.#storage)) return Response.json({ problem: 'no-sqlite' })
    return Response.json(await this.#run(decodeCommand(await request.json())))
  }

  async alarm(): Promise<void> {
    const collectAt = property(await this.#storage.get(place), 'collectAt')
    if (typeof collectAt === 'number' && collectAt > Date.now()) await this.#storage.setAlarm(alarmTime(collectAt))
    else await this.#storage.deleteAll()
  }

  /** Awaits the storage alone: until it is done, the runtime delivers no other command to this object. */
  async #run(command: Command): Promise<Outcome> {
    if (command.verb === 'delete') {
      await this.#storage.deleteAlarm()
      await this.#storage.deleteAll()
      return { wrote: true }
    }
    if (command.verb === 'set') return this.#write(command)
    const stored = await this.#storage.get(place)
    if (stored !== undefined && !isRecord(stored)) return { problem: 'foreign' }
    const live = stored !== undefined && stored.expiresAt > command.now ? textOf(stored) : undefined
    if (command.verb === 'get') return { value: live ?? null }
    return live === command.expected ? this.#write(command) : { wrote: false }
  }

  async #write({ value, expiresAt, now }: Extract<Command, { value: string }>): Promise<Outcome> {
    const collectAt = Date.now() + Math.max(0, expiresAt - now) + grace
    const record: StoredRecord = { bytes: new TextEncoder().encode(value), expiresAt, collectAt }
    // An alarm that comes too early finds the new deadline and sets itself again: it is not moved with every write.
    const alarm = (await this.#storage.getAlarm()) ?? undefined
    await Promise.all([
      this.#storage.put(place, record),
      alarm === undefined ? this.#storage.setAlarm(alarmTime(collectAt)) : undefined
    ])
    return { wrote: true }
  }
}

function alarmTime(collectAt: number): number {
  return Math.min(collectAt, Date.now() + longestAlarm)
}

function isRecord(stored: unknown): stored is StoredRecord {
  return property(stored, 'bytes') instanceof Uint8Array && typeof property(stored, 'expiresAt') === 'number'
}

function textOf(record: StoredRecord): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(record.bytes)
}

/** In an object without it, this throws. */
function hasSqlite(storage: SessionObjectStorage): boolean {
  try {
    return typeof property(property(storage, 'sql'), 'databaseSize') === 'number'
  } catch {
    return false
  }
}
