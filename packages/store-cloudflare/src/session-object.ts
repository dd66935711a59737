import { property } from './binding.ts'
import { type Command, decodeCommand, type Outcome } from './command.ts'

/** The methods of the storage that the object calls. It must be SQLite storage (`new_sqlite_classes`). */
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
  /** UTF-8, because in a string one emoji would double the size, and 1 MiB would not fit. */
  readonly bytes: Uint8Array
  readonly expiresAt: number
  /** The time when the alarm may delete the record, by the object's clock. */
  readonly collectAt: number
}

const recordKey = 'record'
/** The alarm deletes a record this many ms after its deadline, so that the clocks of object and worker may differ. */
const grace = 60_000
/** Alarms after the year 2189 are refused, so an earlier alarm sets a later one. */
const longestAlarm = 365 * 86_400_000

/**
 * The Durable Object of `createDurableObjectStore`, one per key. Export it from the worker, bind it, and list it under
 * `new_sqlite_classes` in a migration. An alarm deletes it once its record has expired.
 */
export class SessionObject {
  readonly #storage: SessionObjectStorage

  constructor(state: SessionObjectState) {
    this.#storage = state.storage
  }

  /** Handles one command of the store. A Durable Object has no address, so other requests cannot reach it. */
  async fetch(request: Request): Promise<Response> {
    if (!hasSqlite(this.#storage)) return Response.json({ problem: 'no-sqlite' })
    return Response.json(await this.#run(decodeCommand(await request.json())))
  }

  async alarm(): Promise<void> {
    const collectAt = property(await this.#storage.get(recordKey), 'collectAt')
    if (typeof collectAt === 'number' && collectAt > Date.now()) await this.#storage.setAlarm(alarmTime(collectAt))
    else await this.#storage.deleteAll()
  }

  /** Awaits only the storage: until it is done, the runtime delivers no other command to this object. */
  async #run(command: Command): Promise<Outcome> {
    if (command.verb === 'delete') {
      await this.#storage.deleteAlarm()
      await this.#storage.deleteAll()
      return { wrote: true }
    }
    if (command.verb === 'set') return this.#write(command)
    const stored = await this.#storage.get(recordKey)
    if (stored !== undefined && !isRecord(stored)) return { problem: 'foreign' }
    const live = stored !== undefined && stored.expiresAt > command.now ? stringOf(stored) : undefined
    if (command.verb === 'get') return { value: live ?? null }
    return live === command.expected ? this.#write(command) : { wrote: false }
  }

  async #write({ value, expiresAt, now }: Extract<Command, { value: string }>): Promise<Outcome> {
    const collectAt = Date.now() + Math.max(0, expiresAt - now) + grace
    const record: StoredRecord = { bytes: new TextEncoder().encode(value), expiresAt, collectAt }
    // An early alarm finds the new deadline and sets itself again, so a write does not have to move it.
    const alarm = (await this.#storage.getAlarm()) ?? undefined
    await Promise.all([
      this.#storage.put(recordKey, record),
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

function stringOf(record: StoredRecord): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(record.bytes)
}

/** Throws in an object without SQLite storage. */
function hasSqlite(storage: SessionObjectStorage): boolean {
  try {
    return typeof property(property(storage, 'sql'), 'databaseSize') === 'number'
  } catch {
    return false
  }
}
