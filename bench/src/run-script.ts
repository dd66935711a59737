import { spawn } from 'node:child_process'
import { join } from 'node:path'

export interface ScriptOptions {
  /** For Node. */
  readonly flags?: readonly string[]
  /** Our packages as they are published, not their sources. Default `false`. */
  readonly built?: boolean
}

/** Runs a file of this folder in a process of its own and gives what it printed, as JSON. */
export function runScript(file: string, parameters: readonly string[], options: ScriptOptions = {}): Promise<unknown> {
  const { flags = [], built = false } = options
  const conditions = built ? [] : ['--conditions=@kvsession/source']
  const child = spawn(
    process.execPath,
    [...conditions, '--disable-warning=ExperimentalWarning', ...flags, join(import.meta.dirname, file), ...parameters],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_ENV: 'production' } }
  )
  let out = ''
  let errors = ''
  child.stdout.on('data', (chunk) => {
    out += String(chunk)
  })
  child.stderr.on('data', (chunk) => {
    errors += String(chunk)
  })
  return new Promise((resolve, reject) => {
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(out))
      else reject(new Error(`${file} ${parameters.join(' ')} ended with ${code}: ${errors.slice(-2000)}`))
    })
  })
}
