import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a load of HTTP requests came to. */
export interface Load {
  readonly requests: number
  readonly seconds: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly p999: number
  /** Answers that were no success, and connections that failed. */
  readonly errors: number
}

export interface LoadOptions {
  readonly port: number
  /** Taken by turns, each with every cookie by turns. */
  readonly paths: readonly string[]
  readonly cookies: readonly string[]
  readonly connections: number
  readonly seconds: number
}

export function hasWrk(): boolean {
  return spawnSync('wrk', ['-v']).error === undefined
}

/** Runs `wrk` with one thread. Its own percentiles end at 99, so a script prints them. */
export async function runWrk({ port, paths, cookies, connections, seconds }: LoadOptions): Promise<Load> {
  const folder = mkdtempSync(join(tmpdir(), 'kvsession-wrk-'))
  try {
    const script = join(folder, 'load.lua')
    writeFileSync(script, scriptOf(paths, cookies))
    const out = await outputOf('wrk', [
      ...['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--timeout', '10s', '-s', script],
      `http://127.0.0.1:${port}/`
    ])
    return loadOf(out)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function scriptOf(paths: readonly string[], cookies: readonly string[]): string {
  const list = (texts: readonly string[]): string => texts.map((one) => JSON.stringify(one)).join(', ')
  return `
local paths = { ${list(paths)} }
local cookies = { ${list(cookies)} }
local n = 0
request = function()
  n = n + 1
  local headers = { ['Host'] = 'localhost' }
  if #cookies > 0 then headers['Cookie'] = cookies[(n * 7) % #cookies + 1] end
  return wrk.format('GET', paths[n % #paths + 1], headers)
end
done = function(summary, latency)
  local e = summary.errors
  print('FIGURES ' .. summary.requests .. ' ' .. summary.duration .. ' ' .. latency:percentile(50) .. ' ' ..
    latency:percentile(99) .. ' ' .. latency:percentile(99.9) .. ' ' .. (e.status + e.connect + e.read + e.write + e.timeout))
end
`
}

/** What the script above printed. @throws Error where it did not get to it */
export function loadOf(out: string): Load {
  const found = /FIGURES (\S+) (\S+) (\S+) (\S+) (\S+) (\S+)/.exec(out)
  if (!found) throw new Error(`wrk printed no figures: ${out}`)
  const [requests = 0, duration = 0, p50 = 0, p99 = 0, p999 = 0, errors = 0] = found.slice(1).map(Number)
  return { requests, seconds: duration / 1e6, p50: p50 / 1000, p99: p99 / 1000, p999: p999 / 1000, errors }
}

function outputOf(command: string, parameters: readonly string[]): Promise<string> {
  const child = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.on('data', (chunk) => {
    out += String(chunk)
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.on('close', () => resolve(out))
  })
}
