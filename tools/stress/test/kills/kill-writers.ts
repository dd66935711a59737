import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { build } from 'esbuild'
import { type Model, scramble, stepsOf } from './write-steps.ts'

/** Writers of one store, each on keys of its own. When all of them are dead, somebody looks, and the next ones write. */
export interface Team {
  readonly ground: string
  readonly address: string
  /** A writer each. */
  readonly lanes: readonly string[]
  /** What a process that comes later finds there; rejects when the store is damaged. */
  read(lane: string): Promise<Model>
}

export interface KillTally {
  /** Processes that took a SIGKILL. */
  kills: number
  /** Writes and deletes that they were told are done. */
  acknowledged: number
  /** Kills between the effect of a step and its acknowledgement. */
  between: number
  /** Processes that ended by themselves when another was killed. */
  fallen: number
}

/** The program of those that are killed, as one file: starting a process is most of what a kill costs. */
export interface Victims {
  readonly program: string
  /** Where they find compiled what they load. */
  readonly compiled: string
  remove(): Promise<void>
}

export async function bundleVictims(entry: 'killed-process' | 'writing-process' = 'killed-process'): Promise<Victims> {
  // Below this folder, because drivers are not bundled and have to be found from there.
  const program = fileURLToPath(new URL(`../../node_modules/.victims/${entry}.${process.pid}.mjs`, import.meta.url))
  await build({
    entryPoints: [fileURLToPath(new URL(`${entry}.ts`, import.meta.url))],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'es2023',
    conditions: ['@kvsession/source'],
    external: ['lmdb', 'better-sqlite3'],
    logLevel: 'warning'
  })
  const compiled = await mkdtemp(join(tmpdir(), 'kvsession-compiled-'))
  return {
    program,
    compiled,
    async remove() {
      await rm(program, { force: true })
      await rm(compiled, { recursive: true, force: true })
    }
  }
}

interface Writer {
  readonly lane: string
  readonly seed: number
  readonly child: ChildProcess
}

/**
 * Kills as many processes as `cycles` says in the midst of their writes, in all teams at once, and looks what is left.
 * @throws Error when that is neither what was acknowledged nor that and the step under way
 */
export async function killWriters(
  victims: Victims,
  teams: readonly Team[],
  cycles: number,
  seed: number
): Promise<KillTally> {
  const tally: KillTally = { kills: 0, acknowledged: 0, between: 0, fallen: 0 }
  const running = new Set<ChildProcess>()
  let started = 0
  let over = false

  function start({ ground, address, lanes }: Team): Writer[] {
    return lanes.map((lane) => {
      const own = seed * 100_000 + started++
      const args = ['--disable-warning=ExperimentalWarning', victims.program, ground, address, lane, String(own)]
      const env = { ...process.env, NODE_COMPILE_CACHE: victims.compiled }
      const child = spawn(process.execPath, args, { env })
      running.add(child)
      child.once('close', () => running.delete(child))
      return { lane, seed: own, child }
    })
  }

  async function run(team: Team): Promise<void> {
    const models = new Map<string, Model>()
    let next = start(team)
    while (!over && tally.kills < cycles) {
      const writers = next
      // The next ones load meanwhile, and wait.
      next = start(team)
      const ends = await Promise.all(writers.map(writeAndDie))
      for (const { lane, seed: own, steps, killed } of ends) {
        if (killed) tally.kills++
        else tally.fallen++
        tally.acknowledged += steps
        const { after } = stepsOf(lane, own)
        let acknowledged = models.get(lane) ?? new Map<string, string>()
        for (let step = 0; step < steps; step++) acknowledged = after(acknowledged, step)
        const found = await team.read(lane)
        models.set(lane, found)
        if (isDeepStrictEqual(found, acknowledged)) continue
        if (!isDeepStrictEqual(found, after(acknowledged, steps))) {
          throw new Error(`seed ${own}, ${steps} steps acknowledged: ${difference(acknowledged, found)}`)
        }
        tally.between++
      }
    }
  }

  try {
    await Promise.all(teams.map(run))
  } finally {
    over = true
    const left = Array.from(running, (child) => once(child, 'close'))
    for (const child of running) child.kill('SIGKILL')
    await Promise.all(left)
  }
  return tally
}

interface End {
  readonly lane: string
  readonly seed: number
  /** How many were acknowledged when the process was dead. */
  readonly steps: number
  /** Not so when it ended by itself. */
  readonly killed: boolean
}

/** The seed draws when it dies. */
async function writeAndDie({ child, lane, seed }: Writer): Promise<End> {
  // One in eight dies while it opens the store, or in its first step.
  const enough = scramble(seed) % 8 === 0 ? 0 : 1 + (scramble(seed + 1) % 40)
  // Anywhere within a step, rather than always right behind the one before.
  const delay = scramble(seed + 2) % 4
  let output = ''
  let errors = ''
  let doomed = false
  child.stdin?.on('error', () => undefined)
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  child.stdout?.setEncoding('latin1').on('data', (text: string) => {
    if (output === '') child.stdin?.write('!')
    output += text
    if (output.length <= enough || doomed) return
    doomed = true
    if (delay === 0) child.kill('SIGKILL')
    else setTimeout(() => child.kill('SIGKILL'), delay)
  })
  const [, signal] = await once(child, 'close')
  if (output === '') throw new Error(`a writer did not start:\n${errors}`)
  return { lane, seed, steps: output.length - 1, killed: signal === 'SIGKILL' }
}

function difference(expected: Model, found: Model): string {
  const keys = [...new Set([...expected.keys(), ...found.keys()])]
  const short = (text: string | undefined): string => text?.slice(0, 24) ?? 'nothing'
  return keys
    .filter((key) => expected.get(key) !== found.get(key))
    .map((key) => `${key} is ${short(found.get(key))}, not ${short(expected.get(key))}`)
    .join('; ')
}
