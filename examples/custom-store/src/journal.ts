import { closeSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'

export interface Entry {
  readonly value: string
  readonly expiresAt: number
}

/** The engine: entries in memory, and a file with one line of JSON per change, which is replayed when it is opened. */
export interface Journal {
  /** @throws Error once the journal is closed. */
  entries(): Map<string, Entry>
  /** Writes the line before it changes the entry, so that an entry in memory is always in the file. */
  write(key: string, entry: Entry | undefined): void
  /** Writes a new file from the entries and replaces the old one atomically. */
  compact(): void
  close(): void
}

export function openJournal(path: string): Journal {
  const replayed = replay(path)
  let file: number | undefined = openSync(path, 'a', 0o600)

  function opened(): { file: number; entries: Map<string, Entry> } {
    if (file === undefined) throw new Error('The journal is closed')
    return { file, entries: replayed }
  }

  return {
    entries: () => opened().entries,
    write(key, entry) {
      const { file, entries } = opened()
      writeFileSync(file, lineOf(key, entry))
      if (entry === undefined) entries.delete(key)
      else entries.set(key, entry)
    },
    compact() {
      const { file: old, entries } = opened()
      const fresh = openSync(`${path}.new`, 'w', 0o600)
      writeFileSync(fresh, [...entries].map(([key, entry]) => lineOf(key, entry)).join(''))
      renameSync(`${path}.new`, path)
      file = fresh
      closeSync(old)
    },
    close() {
      if (file !== undefined) closeSync(file)
      file = undefined
    }
  }
}

/** Starts with the line break, so that a line truncated by a full disk damages no other line. */
function lineOf(key: string, entry: Entry | undefined): string {
  return `\n${JSON.stringify(entry === undefined ? [key] : [key, entry.value, entry.expiresAt])}`
}

function replay(path: string): Map<string, Entry> {
  const entries = new Map<string, Entry>()
  for (const line of readFileSync(path, { encoding: 'utf8', flag: 'a+' }).split('\n')) {
    const [key, value, expiresAt] = fieldsOf(line)
    if (typeof key !== 'string') continue
    if (typeof value === 'string' && typeof expiresAt === 'number') entries.set(key, { value, expiresAt })
    else entries.delete(key)
  }
  return entries
}

function fieldsOf(line: string): unknown[] {
  try {
    const fields: unknown = JSON.parse(line)
    return Array.isArray(fields) ? fields : []
  } catch {
    return []
  }
}
