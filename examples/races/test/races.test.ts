import { describe, expect, it } from 'vitest'
import { frameworks } from '../src/applications.ts'
import { environments, raceIn } from '../src/environments.ts'
import { parallel } from '../src/race.ts'

describe.each(frameworks)('%s', (framework) => {
  it.each(environments)(
    'Parallel writes, increments and a logout are not lost: $name',
    async (environment) => {
      expect(await raceIn(framework, environment)).toEqual({ keys: parallel, count: parallel, loggedOut: true })
    },
    60_000
  )
})
