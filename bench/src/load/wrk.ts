import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pinnedCommand } from '../cores.ts'

/** The result of one load of HTTP requests. Latencies in milliseconds. */
export interface Load {
  readonly requests: number
  readonly seconds: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
  /** Answers other than 2xx and 3xx, and failed connections. */
  readonly errors: number
}

export interface LoadOptions {
  readonly port: number
  /** Requested in rotation, each with all cookies in rotation. */
  readonly paths: readonly string[]
  readonly cookies: readonly string[]
  readonly connections: number
  readonly seconds: number
  /** Default: any core. */
  readonly core?: number | undefined
}

/** Why `wrk` cannot run, or `undefined`. */
export function missingWrk(): string | undefined {
  return spawnSync('wrk', ['-v']).error === undefined ? undefined : 'wrk is missing (apt-get install wrk)'
}

/** Full load by one thread of `wrk`. A script prints percentiles, which `wrk` itself does not print. */
export async function runWrk({ port, paths, cookies, connections, seconds, core }: LoadOptions): Promise<Load> {
  const folder = mkdtempSync(join(tmpdir(), 'kvsession-wrk-'))
  try {
    const script = join(folder, 'load.lua')
    writeFileSync(script, scriptOf(paths, cookies))
    const load = ['wrk', '-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--timeout', '10s', '-s', script]
    return parseLoad(await outputOf(pinnedCommand([...load, `http://127.0.0.1:${port}/`], core)))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function scriptOf(paths: readonly string[], cookies: readonly string[]): string {
  const list = (values: readonly string[]): string => values.map((one) => JSON.stringify(one)).join(', ')
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

/** Parses the line that the script prints. @throws Error if there is none */
export function parseLoad(out: string): Load {
  const found = /FIGURES (\S+) (\S+) (\S+) (\S+) (\S+) (\S+)/.exec(out)
  if (!found) throw new Error(`wrk printed no figures: ${out}`)
  const [requests = 0, duration = 0, p50 = 0, p99 = 0, p999 = 0, errors = 0] = found.slice(1).map(Number)
  return { requests, seconds: duration / 1e6, p50: p50 / 1000, p99: p99 / 1000, p999: p999 / 1000, errors }
}

function outputOf([command = '', ...args]: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.on('data', (chunk) => {
    out += String(chunk)
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.on('close', () => resolve(out))
  })
}
