import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** An application in `examples/frameworks`, with an installation of its own. */
export interface Example {
  readonly name: string
  readonly folder: string
  readonly manifest: ExampleManifest
}

export interface ExampleManifest {
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

export const root: string = join(import.meta.dirname, '../../..')
const examplesFolder = join(root, 'examples/frameworks')

export function readExamples(): Example[] {
  return readdirSync(examplesFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => {
      const folder = join(examplesFolder, name)
      return { name, folder, manifest: readManifest(join(folder, 'package.json')) }
    })
}

/** @throws Error for a manifest that the runner cannot use. */
function readManifest(file: string): ExampleManifest {
  const manifest: Partial<ExampleManifest> = JSON.parse(readFileSync(file, 'utf8'))
  const { scripts, dependencies } = manifest
  if (!scripts?.start || !dependencies) throw new Error(`${file} needs a script "start" and dependencies`)
  return { ...manifest, scripts, dependencies }
}

/** The packages of this repository that an example installs. */
export function packagesOf({ dependencies }: ExampleManifest): string[] {
  return Object.keys(dependencies).filter(isOurs)
}

export function withoutOurs(manifest: ExampleManifest): ExampleManifest {
  const others = Object.entries(manifest.dependencies).filter(([name]) => !isOurs(name))
  return { ...manifest, dependencies: Object.fromEntries(others) }
}

function isOurs(name: string): boolean {
  return name.startsWith('@kvsession/')
}
