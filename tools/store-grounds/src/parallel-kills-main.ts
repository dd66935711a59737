import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleVictims } from './kill-campaign.ts'
import { isKilledGround } from './killed-stores.ts'
import { killParallelWriters } from './parallel-kills.ts'

const [ground = '', kills = '100', seed = '1'] = process.argv.slice(2)
if (!isKilledGround(ground)) throw new Error('x')
const victims = await bundleVictims('writing-process')
const folder = mkdtempSync(join(tmpdir(), 'kvsession-parallel-'))
const start = performance.now()
try {
  const { faults, ...tally } = await killParallelWriters(
    { ...victims, ground, address: join(folder, 'sessions.mdb') },
    Number(kills),
    Number(seed)
  )
  console.log(tally, Math.round(performance.now() - start), 'ms')
  for (const [kind, found] of Object.entries(faults)) {
    console.log(kind, found.length)
    for (const line of found.slice(0, 5)) console.log('   ', line.slice(0, 600))
  }
} finally {
  await victims.remove()
  rmSync(folder, { recursive: true, force: true })
}
