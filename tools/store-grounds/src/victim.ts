import { readSync, writeSync } from 'node:fs'
import { createFileStore } from '@kvsession/store-file'
import { createLmdbStore } from '@kvsession/store-lmdb'
import { createSqliteStore } from '@kvsession/store-sqlite'
import { stepsOf, type WrittenStore } from './write-steps.ts'

// Takes the steps of a seed until it is killed, and says after each, synchronously, that it was acknowledged; run as
// `victim.ts <ground> <address> <lane> <seed>`. Its modules are loaded and nothing is opened before the first byte comes.

const [ground = '', address = '', lane = '', seedText] = process.argv.slice(2)
const seed = Number(seedText)

/** Syncing is about power cuts: a store that syncs less must not lose more to a kill. Alike for a whole team. */
const synced = Math.floor(seed / 4) % 2 === 0

const grounds: Readonly<Record<string, () => Promise<() => Promise<WrittenStore>>>> = {
  async sqlite() {
    const open =
      seed % 2 === 0
        ? await import('node:sqlite').then(
            ({ DatabaseSync }) =>
              () =>
                new DatabaseSync(address)
          )
        : await import('better-sqlite3').then(
            ({ default: Database }) =>
              () =>
                new Database(address)
          )
    return async () => {
      const database = open()
      // Small, so that checkpoints are killed too.
      database.exec('PRAGMA wal_autocheckpoint = 8')
      const store = createSqliteStore(database, { durability: synced ? 'full' : 'normal', busyTimeout: 20_000 })
      await store.ensureSchema()
      return store
    }
  },
  async lmdb() {
    const { open } = await import('lmdb')
    return async () => createLmdbStore(open({ path: address, encoding: 'string', ...(!synced && { noSync: true }) }))
  },
  file: async () => async () => createFileStore(address, { durability: synced ? 'full' : 'normal' })
}

const open = await grounds[ground]?.()
if (open === undefined) throw new Error(`nobody writes to ${ground}`)
const steps = stepsOf(lane, seed)
writeSync(1, 'r')
readSync(0, new Uint8Array(1))
const store = await open()
for (let step = 0; ; step++) {
  await steps.apply(store, step)
  writeSync(1, '+')
}
