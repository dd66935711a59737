import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Place, places } from '../stores/store-servers.ts'
import {
  inTurns,
  parallel,
  raceIndex,
  raceLogout,
  raceRegenerate,
  raceUnlike,
  raceWriters,
  type Turns,
  unlikeMembers
} from './races.ts'
import { type RacingTeam, startTeam } from './racing-team.ts'

const processes = 4
const long = 120_000

for (const { ground, describe, start } of places) {
  describe(`four processes on ${ground}`, () => {
    let place: Place | undefined
    let team: RacingTeam | undefined
    const member: Turns = (turn) => inTurns(team?.members ?? [])(turn)
    beforeAll(async () => {
      place = await start()
      team = await startTeam(ground, place.address, Array(processes).fill({}))
    }, long)
    afterAll(async () => {
      await team?.stop()
      await place?.stop()
    })

    it('lose none of 50 parallel writes and no increment', { timeout: long }, async () => {
      expect(await raceWriters(member)).toEqual({ keys: parallel, count: parallel })
    })

    it('do not undo a logout with requests that were under way', { timeout: long }, async () => {
      expect(new Set(await raceLogout(member, processes))).toEqual(new Set(['nobody']))
    })

    it('leave exactly one live token when all of them regenerate at once', { timeout: long }, async () => {
      const outcome = await raceRegenerate(member, processes)
      expect(outcome).toMatchObject({ live: 1, before: 'nobody' })
    })

    it('list every session of a user who logs in everywhere at once, and revoke them all', {
      timeout: long
    }, async () => {
      const outcome = await raceIndex(member)
      expect(outcome).toEqual({ loggedIn: 40, listed: 40, unlisted: 0, survivors: 0, left: 0 })
    })

    it('revoke all sessions of a user by the one that takes all of them for expired', { timeout: long }, async () => {
      const unlike = await startTeam(ground, place?.address ?? '', unlikeMembers)
      try {
        expect(await raceUnlike(inTurns(unlike.members))).toEqual({ loggedIn: 50, left: 0 })
      } finally {
        await unlike.stop()
      }
    })
  })
}
