import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

// A worker process that measures another build preloads this module, so that `@kvsession/…` resolves inside that build by
// the exports of its manifests.

const base = process.env.KVSESSION_BENCH_BASE ?? ''

registerHooks({
  resolve(specifier, context, nextResolve) {
    const name = /^@kvsession\/([^/]+)/.exec(specifier)?.[1]
    if (name === undefined) return nextResolve(specifier, context)
    return nextResolve(specifier, {
      ...context,
      parentURL: pathToFileURL(join(base, 'packages', name, 'package.json')).href
    })
  }
})
