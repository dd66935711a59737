import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startProcess, type TestProcess } from '../../src/processes/test-process.ts'
import { type SharedStore, type StoreServer, storeServers } from '../../src/stores/store-servers.ts'
import { describeStore } from '../stores/describe-store.ts'
import {
  type ProcessPicker,
  parallel,
  raceIndex,
  raceLogout,
  raceRegenerate,
  raceUnlike,
  raceWriters,
  roundRobin,
  unlikeProcesses
} from './races.ts'
import type { RacingCommands, RacingOptions } from './racing-process.ts'

const processes = 4
const timeout = 120_000
const script = join(import.meta.dirname, 'racing-process.ts')

function startProcesses(
  store: SharedStore,
  address: string,
  options: readonly RacingOptions[]
): Promise<TestProcess<RacingCommands>[]> {
  const secret = randomBytes(33).toString('base64')
  return Promise.all(
    options.map((one) => startProcess<RacingCommands>(script, { args: [store, address, secret, JSON.stringify(one)] }))
  )
}

for (const store of Object.keys(storeServers) as SharedStore[]) {
  describeStore(store)(`four processes on ${store}`, () => {
    let server: StoreServer | undefined
    let started: readonly TestProcess<RacingCommands>[] = []
    const process: ProcessPicker = (turn) => roundRobin(started)(turn)
    beforeAll(async () => {
      server = await storeServers[store].start()
      started = await startProcesses(store, server.address, Array(processes).fill({}))
    }, timeout)
    afterAll(async () => {
      await Promise.all(started.map((one) => one.stop()))
      await server?.stop()
    })

    it('Of 50 parallel writes and 50 increments none is lost', { timeout }, async () => {
      expect(await raceWriters(process)).toEqual({ keys: parallel, count: parallel })
    })

    it('Requests that were under way do not undo a logout', { timeout }, async () => {
      expect(await raceLogout(process, processes)).toBe(0)
    })

    it('Concurrent regenerations leave exactly one live token', { timeout }, async () => {
      expect(await raceRegenerate(process, processes)).toEqual({ live: 1, oldIsLive: false })
    })

    it('A user who logs in at all processes at once has all sessions listed and revoked', { timeout }, async () => {
      expect(await raceIndex(process)).toEqual({ loggedIn: 40, listed: 40, unlisted: 0, survivors: 0, left: 0 })
    })

    it('A process that considers all sessions of a user expired revokes them', { timeout }, async () => {
      const unlike = await startProcesses(store, server?.address ?? '', unlikeProcesses)
      try {
        expect(await raceUnlike(roundRobin(unlike))).toEqual({ loggedIn: 50, left: 0 })
      } finally {
        await Promise.all(unlike.map((one) => one.stop()))
      }
    })
  })
}
