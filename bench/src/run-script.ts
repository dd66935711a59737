import { spawn } from 'node:child_process'
import { join } from 'node:path'

/** Runs a file of this folder in a process of its own and gives what it printed, as JSON. */
export function runScript(
  file: string,
  parameters: readonly string[],
  flags: readonly string[] = []
): Promise<unknown> {
  const child = spawn(
    process.execPath,
    [
      ...['--conditions=@kvsession/source', '--disable-warning=ExperimentalWarning', ...flags],
      join(import.meta.dirname, file),
      ...parameters
    ],
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
