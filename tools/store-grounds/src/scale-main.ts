import { readFile, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { type ScaleGroundName, scaleEngines } from './scale-engines.ts'
import { measureGround } from './scale-ground.ts'
import type { ScaleResult } from './scale-result.ts'
import { replaceGenerated, scaleText } from './scale-table.ts'

// npm run scale [-- <store> … <sessions> --write]: every store with a million sessions. A run of that size, or one that
// is told to write, puts its figures into scale.json and the tables of docs/stores.md; the other stores' figures stay.

const requests = 2_000
const million = 1_000_000
const figures = new URL('../scale.json', import.meta.url)
const page = new URL('../../../docs/stores.md', import.meta.url)
const known = Object.keys(scaleEngines).filter(isScaleGround)

const words = process.argv.slice(2)
const sessions = Number(words.find((word) => /^\d+$/.test(word)) ?? million)
const unknown = words.filter((word) => !isScaleGround(word) && !/^(\d+|--write)$/.test(word))
if (unknown.length > 0 || sessions < 1_000) {
  console.error(`Give stores (${known.join(', ')}), a number of sessions from 1000, --write; not ${unknown.join(' ')}`)
  process.exit(1)
}
const named = words.filter(isScaleGround)
const written = sessions === million || words.includes('--write')
const all = new Map(written ? (await readFigures()).map((result) => [result.ground, result]) : [])
const setting = { node: process.versions.node, cores: cpus().length, memoryGib: Math.round(totalmem() / 2 ** 30) }

for (const ground of named.length > 0 ? named : known) {
  const say = (text: string): void => console.log(`${ground}: ${text}`)
  all.set(ground, await measureGround(ground, { sessions, requests, say }))
  // After each, so that a later one that fails takes nothing with it.
  if (written) await write()
}
console.log(text())

function text(): string {
  return scaleText(
    known.flatMap((ground) => all.get(ground) ?? []),
    setting
  )
}

async function write(): Promise<void> {
  await writeFile(figures, `${JSON.stringify([...all.values()], undefined, 2)}\n`)
  await writeFile(page, replaceGenerated(await readFile(page, 'utf8'), text()))
}

function isScaleGround(word: string): word is ScaleGroundName {
  return Object.hasOwn(scaleEngines, word)
}

/** This program's own file. */
async function readFigures(): Promise<ScaleResult[]> {
  try {
    return JSON.parse(await readFile(figures, 'utf8')) as ScaleResult[]
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
