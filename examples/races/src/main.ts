import { frameworks } from './applications.ts'
import { grounds, raceOn } from './grounds.ts'
import { parallel } from './race.ts'

console.log(`${parallel} parallel requests on one session, each holding what it loaded for up to 20 ms:\n`)
console.log('framework  store and processes    keys left  increments  logout stays')
for (const framework of frameworks) {
  for (const ground of grounds) {
    const { keys, count, loggedOut } = await raceOn(framework, ground)
    const row = [framework.padEnd(9), ground.name.padEnd(21), `${keys} of ${parallel}`.padEnd(9)]
    console.log([...row, `${count} of ${parallel}`.padEnd(10), loggedOut ? 'yes' : 'NO'].join('  '))
  }
}
