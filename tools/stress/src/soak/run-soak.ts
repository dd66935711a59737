import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type CampaignResult, commitOf, evidenceFolder, type Part } from '../results/result-file.ts'
import { writeEvidence } from '../results/results-page.ts'
import { isSoakedStore, soakedStores } from './connection.ts'
import { type GrowthLimits, judgeGrowth, percentOf, round } from './drift.ts'
import { type SoakResult, soak } from './soak.ts'

// `run-soak.ts --minutes 60 --seed 1`: all stores at once, the figures, and a new page of evidence. With `--stores redis,sqlite`
// only those, and the figures on the console alone.

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    clients: { type: 'string', default: '4' },
    pause: { type: 'string', default: '25' },
    stride: { type: 'string', default: '200' },
    rest: { type: 'string', default: '10' },
    stores: { type: 'string', default: soakedStores.join() }
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
const stores = values.stores.split(',').filter(isSoakedStore)
if (stores.length === 0) throw new Error(`--stores names none of ${soakedStores.join()}`)
/** A leak of ten bytes a request would be more, in an hour; a short soak has not got over its start. */
const limits: GrowthLimits = minutes >= 30 ? { part: 0.05, slope: 1 } : { part: 0.25, slope: Number.POSITIVE_INFINITY }

const commit = commitOf(['packages', 'tools/stress', 'tools/test-servers'])
const date = new Date().toISOString().slice(0, 10)
const start = performance.now()
const elapsed = (): number => (performance.now() - start) / 60_000

const results = await Promise.all(
  stores.map(async (store) => {
    const result = await soak({
      store,
      seed,
      clients,
      stride,
      pause,
      rest,
      goesOn: () => elapsed() < minutes,
      onMishap(name, { rss, floor, heapUsed, external, code, handles }, { requests }) {
        const held = `heap ${megabytes(heapUsed)}, ${megabytes(code)} of it code, outside of it ${megabytes(external)}`
        const memory = `${megabytes(rss)} (without sessions ${megabytes(floor)}), ${held}, ${handles} handles`
        console.log(`${elapsed().toFixed(1)} min ${store}: ${name}; ${requests} requests, ${memory}`)
      }
    })
    console.log(store, result)
    return [store, result] as const
  })
)
for (const [, result] of results) judgeGrowth(result, limits)

if (stores.length === soakedStores.length) record()

function record(): void {
  const result: CampaignResult = {
    campaign: 'soak',
    commit,
    date,
    minutes: Math.round(elapsed() * 10) / 10,
    processes: soakedStores.length * 4 + 1,
    seeds: [seed],
    scale: { variable: 'minutes', value: minutes },
    node: process.version,
    parts: results.map(partOf)
  }
  mkdirSync(evidenceFolder, { recursive: true })
  writeFileSync(join(evidenceFolder, 'soak.json'), `${JSON.stringify(result, null, 2)}\n`)
  writeEvidence()
}

function megabytes(bytes: number): string {
  return `${round(bytes / 1e6)} MB`
}

function partOf([store, { counts, drift, slopes, resident, unhandled }]: readonly [string, SoakResult]): Part {
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
      'growth of heap and buffers, %': percentOf(drift.held),
      'growth of the resident set, %': percentOf(drift.rss),
      'slope of heap and buffers, MB an hour': round(slopes.held),
      'slope of compiled code, MB an hour': round(slopes.code),
      'slope of the resident set, MB an hour': round(slopes.rss),
      'slope of the resident set without sessions, MB an hour': round(slopes.floor),
      'slope of the difference, MB an hour': round(slopes.aboveFloor),
      'resident set after the warm-up, MB': round(resident.soaked / 1e6),
      'resident set without sessions, MB': round(resident.floor / 1e6),
      'growth of handles': drift.handles
    }
  }
}
