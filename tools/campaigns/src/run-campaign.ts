import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Campaign, campaigns } from './campaigns.ts'
import { writeEvidence } from './evidence.ts'
import { addFigures, type CampaignResult, commitOf, evidenceFolder, readFigures, root } from './results.ts'

// `run-campaign.ts tokens --processes 2`: the long form of a campaign, and a new page of evidence.

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { processes: { type: 'string' }, seeds: { type: 'string' }, scale: { type: 'string' } }
})
const campaign = campaigns.find(({ name }) => name === positionals[0])
if (!campaign) throw new Error(`usage: run-campaign.ts ${campaigns.map(({ name }) => name).join(' | ')}`)

const processes = Number(values.processes ?? 1)
const seeds = Array.from({ length: Number(values.seeds ?? campaign.seeds) }, (_, index) => index + 1)
const scale = Number(values.scale ?? campaign.scale.long)
const folder = mkdtempSync(join(tmpdir(), 'kvsession-figures-'))
try {
  await runCampaign(campaign)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function runCampaign({ name, files, scale: { variable }, sources }: Campaign): Promise<void> {
  const commit = commitOf(sources)
  const date = new Date().toISOString().slice(0, 10)
  const start = performance.now()
  const waiting = [...seeds]
  const done: number[] = []
  let failed = false

  async function work(): Promise<void> {
    for (let seed = waiting.shift(); seed !== undefined && !failed; seed = waiting.shift()) {
      const own = join(folder, String(seed))
      const env = { ...process.env, KVSESSION_FIGURES: own, KVSESSION_SEED: String(seed), [variable]: String(scale) }
      const vitest = join(root, 'node_modules/vitest/vitest.mjs')
      const child = spawn(process.execPath, [vitest, 'run', ...files], { cwd: root, env, stdio: 'inherit' })
      const [code] = await once(child, 'exit')
      if (code === 0) keep(seed)
      else failed = true
    }
  }

  /** After each seed, so that a run that is cut short has shown what it has shown. */
  function keep(seed: number): void {
    done.push(seed)
    const figures = done.flatMap((one) => {
      const own = join(folder, String(one))
      return readdirSync(own).map((file) => readFigures(readFileSync(join(own, file), 'utf8')))
    })
    const result: CampaignResult = {
      campaign: name,
      commit,
      date,
      minutes: Math.round((performance.now() - start) / 6_000) / 10,
      processes,
      seeds: done.toSorted((a, b) => a - b),
      scale: { variable, value: scale },
      node: process.version,
      parts: addFigures(figures)
    }
    mkdirSync(evidenceFolder, { recursive: true })
    writeFileSync(join(evidenceFolder, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`)
    writeEvidence()
  }

  await Promise.all(Array.from({ length: processes }, work))
  if (failed) throw new Error(`${name} has found something: see above`)
}
