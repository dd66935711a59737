import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { addFigures, type CampaignResult, commitOf, evidenceFolder, readFigures, root } from './results/result-file.ts'
import { writeEvidence } from './results/results-page.ts'
import { type Campaign, campaigns } from './stress-tests.ts'

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
  const waiting = seeds.flatMap((seed) => files.map((file) => ({ seed, file })))
  const done: { readonly seed: number; readonly figures: string }[] = []
  let failed = false

  async function work(): Promise<void> {
    for (let next = waiting.shift(); next && !failed; next = waiting.shift()) {
      const { seed, file } = next
      const figures = mkdtempSync(join(folder, 'run-'))
      const env = {
        ...process.env,
        KVSESSION_RESULTS: figures,
        KVSESSION_SEED: String(seed),
        // The explorer remembers every state that it has seen.
        NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --max-old-space-size=10000`,
        [variable]: String(scale)
      }
      const vitest = join(root, 'node_modules/vitest/vitest.mjs')
      const child = spawn(process.execPath, [vitest, 'run', file], { cwd: root, env, stdio: 'inherit' })
      const [code] = await once(child, 'exit')
      if (code === 0) keep(seed, figures)
      else failed = true
    }
  }

  /** After each process, so that a campaign that is cut short has shown what it has shown. */
  function keep(seed: number, of: string): void {
    done.push({ seed, figures: of })
    const figures = done.flatMap((one) =>
      readdirSync(one.figures).map((file) => readFigures(readFileSync(join(one.figures, file), 'utf8')))
    )
    const result: CampaignResult = {
      campaign: name,
      commit,
      date,
      minutes: Math.round((performance.now() - start) / 6_000) / 10,
      processes,
      seeds: [...new Set(done.map((one) => one.seed))].sort((a, b) => a - b),
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
