import { defineConfig, type ViteUserConfig } from 'vitest/config'
import { createCountReporter } from './scripts/count-reporter.ts'
import { describeLeftOut, findTestFiles, type Suite, suites } from './scripts/test-suites.ts'

// Packages import one another's sources, so that tests and coverage need no build.
const conditions = ['@kvsession/source']
const files = findTestFiles(import.meta.dirname)

// As vitest itself filters by path. Where no file is left, it prints what it looked for: all of `include`.
const filters = process.argv.slice(2).filter((argument) => argument.endsWith('/'))
const include = (suite: Suite): string[] =>
  files[suite].filter((path) => filters.length === 0 || filters.some((filter) => path.includes(filter)))

const config: ViteUserConfig = defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    reporters: ['default', createCountReporter({ leftOut: (chosen) => describeLeftOut(files, chosen) })],
    testTimeout: 30_000,
    // All cores: many files wait for a server or a child process.
    maxWorkers: '100%',
    projects: suites.map((suite) => ({ extends: true, test: { name: suite, include: include(suite) } }))
  }
})

export default config
