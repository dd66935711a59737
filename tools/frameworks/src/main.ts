import { execFileSync, spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { acts, type Driver } from './acts.ts'
import { driverOf } from './drivers.ts'
import { type Example, packagesOf, readExamples, root } from './example.ts'
import { installExample, lockExample, packPackages } from './installation.ts'
import { startServer } from './server.ts'

// `npm run test:frameworks -- next sveltekit`: installs, builds and drives these examples; without names all of them. `--light`
// is the short form of CI. With `--lock` it only writes their lockfiles anew.

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { light: { type: 'boolean', default: false }, lock: { type: 'boolean', default: false } }
})

const environment: NodeJS.ProcessEnv = {
  ...process.env,
  NODE_ENV: 'production',
  SESSION_SECRET: 'the examples of frameworks sign their tokens with this',
  // Frameworks ask whether they may report how they are used.
  NEXT_TELEMETRY_DISABLED: '1',
  NUXT_TELEMETRY_DISABLED: '1',
  ASTRO_TELEMETRY_DISABLED: '1'
}

/** The examples that install and build within seconds. */
const light = ['graphql-yoga', 'h3', 'sveltekit', 'trpc']
/** Core is a dependency of all others, and is to be that of this tree as well. */
const alwaysPacked = '@kvsession/core'

let passed = 0
let failed = 0

const examples = chooseExamples()
if (values.lock) {
  for (const example of examples) lockExample(example)
} else {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  const tarballs = packPackages(new Set([alwaysPacked, ...examples.flatMap(({ manifest }) => packagesOf(manifest))]))
  for (const example of examples) await testExample(example, tarballs)
  console.log(`\n${passed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
}

function chooseExamples(): Example[] {
  const all = readExamples()
  const wanted = values.light ? light : positionals
  const unknown = wanted.filter((name) => !all.some((example) => example.name === name))
  if (unknown.length > 0) throw new Error(`no example is named ${unknown}: ${all.map(({ name }) => name).join(', ')}`)
  return wanted.length === 0 ? all : all.filter(({ name }) => wanted.includes(name))
}

async function testExample(example: Example, tarballs: ReadonlyMap<string, string>): Promise<void> {
  console.log(`\n── ${example.name}`)
  const built = await report('it installs, type-checks and builds', async () => buildExample(example, tarballs))
  if (built === undefined) return
  const driver = driverOf(example.name)
  for (const script of driver.scripts ?? ['start']) await playActs(driver, built, script)
}

async function playActs(driver: Driver, folder: string, script: string): Promise<void> {
  if (driver.scripts) console.log(`npm run ${script}`)
  for (const { name, run } of [...acts, ...(driver.more ?? [])]) {
    await report(name, async () => {
      const server = await startServer(folder, script, environment)
      try {
        await run({ driver, url: server.url, output: server.output })
      } catch (error) {
        throw new Error(`${String(error)}\n${server.output()}`)
      } finally {
        await server.stop()
      }
    })
  }
}

/** @returns the folder of the installation. */
function buildExample(example: Example, tarballs: ReadonlyMap<string, string>): string {
  const folder = installExample(example, tarballs)
  for (const script of ['build', 'typecheck'].filter((name) => name in example.manifest.scripts)) {
    const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', script], {
      cwd: folder,
      env: environment,
      encoding: 'utf8'
    })
    if (status !== 0) throw new Error(`npm run ${script} failed\n${stdout}${stderr}`)
  }
  return folder
}

async function report<T>(name: string, run: () => Promise<T>): Promise<T | undefined> {
  const started = performance.now()
  try {
    const result = await run()
    passed += 1
    console.log(`✓ ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
    return result
  } catch (error) {
    failed += 1
    console.log(`✗ ${name}\n${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}
