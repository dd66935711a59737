import { describe, expect, it } from 'vitest'
import { frameworks } from '../src/applications.ts'
import { grounds, raceOn } from '../src/grounds.ts'
import { parallel } from '../src/race.ts'

describe.each(frameworks)('%s', (framework) => {
  it.each(grounds)(
    'loses no parallel write, no increment and no logout: $name',
    async (ground) => {
      expect(await raceOn(framework, ground)).toEqual({ keys: parallel, count: parallel, loggedOut: true })
    },
    60_000
  )
})
