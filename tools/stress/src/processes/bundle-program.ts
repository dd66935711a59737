import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** A script and all that it imports but native drivers, as one file that starts in a fraction of the time. */
export interface Program {
  readonly script: string
  /** For the processes that run it: where they keep what they have compiled. */
  readonly env: Readonly<Record<string, string>>
  remove(): Promise<void>
}

export async function bundleProgram(entry: string): Promise<Program> {
  // Below this package, because native drivers are not bundled and have to be found from there.
  const name = `${basename(entry, '.ts')}.${process.pid}.mjs`
  const script = fileURLToPath(new URL(`../../node_modules/.programs/${name}`, import.meta.url))
  await build({
    entryPoints: [entry],
    outfile: script,
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
    script,
    env: { NODE_COMPILE_CACHE: compiled },
    async remove() {
      await rm(script, { force: true })
      await rm(compiled, { recursive: true, force: true })
    }
  }
}
