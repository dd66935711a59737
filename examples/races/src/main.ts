import { frameworks } from './applications.ts'
import { environments, raceIn } from './environments.ts'
import { parallel } from './race.ts'

console.log(`${parallel} parallel requests on one session, each with up to 20 ms between load and commit:\n`)
console.log('framework  store and processes    keys left  increments  logout stays')
for (const framework of frameworks) {
  for (const environment of environments) {
    const { keys, count, loggedOut } = await raceIn(framework, environment)
    const row = [framework.padEnd(9), environment.name.padEnd(21), `${keys} of ${parallel}`.padEnd(9)]
    console.log([...row, `${count} of ${parallel}`.padEnd(10), loggedOut ? 'yes' : 'NO'].join('  '))
  }
}
