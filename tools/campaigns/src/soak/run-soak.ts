import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { writeEvidence } from '../evidence.ts'
import { type CampaignResult, commitOf, evidenceFolder, type Part } from '../results.ts'
import { soakedStores } from './connection.ts'
import { judgeGrowth, percentOf } from './drift.ts'
import { type SoakResult, soak } from './soak.ts'

// `run-soak.ts --minutes 60 --seed 1`: all stores at once, the figures, and a new page of evidence.

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    clients: { type: 'string', default: '4' },
    pause: { type: 'string', default: '25' },
    stride: { type: 'string', default: '200' },
    rest: { type: 'string', default: '10' }
  }
})
const [minutes, seed, clients, pause, stride, rest] = [
  Number(values.minutes),
  Number(values.seed),
  Number(values.clients),
  Number(values.pause),
  Number(values.stride),
  Number(values.rest) * 1_000
]
/** A leak of ten bytes a request would be more, in an hour; a short soak has not got over its start. */
const limit = minutes >= 30 ? 0.05 : 0.25

const commit = commitOf(['packages', 'tools/campaigns', 'tools/engines'])
const date = new Date().toISOString().slice(0, 10)
const start = performance.now()
const elapsed = (): number => (performance.now() - start) / 60_000

const results = await Promise.all(
  soakedStores.map(async (store) => {
    const result = await soak({
      store,
      seed,
      clients,
      stride,
      pause,
      rest,
      goesOn: () => elapsed() < minutes,
      onMishap(name, { rss, heapUsed, handles }, { requests }) {
        const memory = `${(rss / 1e6).toFixed(1)} MB, heap ${(heapUsed / 1e6).toFixed(2)} MB, ${handles} handles`
        console.log(`${elapsed().toFixed(1)} min ${store}: ${name}; ${requests} requests, ${memory}`)
      }
    })
    console.log(store, result)
    return [store, result] as const
  })
)
for (const [, result] of results) judgeGrowth(result, limit)

const result: CampaignResult = {
  campaign: 'soak',
  commit,
  date,
  minutes: Math.round(elapsed() * 10) / 10,
  processes: soakedStores.length * 3 + 1,
  seeds: [seed],
  scale: { variable: 'minutes', value: minutes },
  node: process.version,
  parts: results.map(partOf)
}
mkdirSync(evidenceFolder, { recursive: true })
writeFileSync(join(evidenceFolder, 'soak.json'), `${JSON.stringify(result, null, 2)}\n`)
writeEvidence()

function partOf([store, { counts, drift, unhandled }]: readonly [string, SoakResult]): Part {
  const { requests = 0, ...others } = counts
  const sorted = Object.entries(others).sort(([a], [b]) => (a < b ? -1 : 1))
  const found = {
    'acknowledged changes missing': 0,
    'sessions logged out without a reason': 0,
    'sessions alive after their end': 0,
    'errors that nobody handled': unhandled
  }
  return {
    name: store,
    counts: { requests, ...Object.fromEntries(sorted), ...found },
    highest: {
      'growth of the heap, %': percentOf(drift.heap),
      'growth of the resident set, %': percentOf(drift.rss),
      'growth of handles': drift.handles
    }
  }
}
