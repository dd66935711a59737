import { defineConfig, type ViteUserConfig } from 'vitest/config'
import { createCountReporter } from './scripts/count-reporter.ts'
import { describeLeftOut, findTestFiles, suites } from './scripts/test-suites.ts'

// Packages import one another's sources, so that tests and coverage need no build.
const conditions = ['@kvsession/source']
const files = findTestFiles(import.meta.dirname)

const config: ViteUserConfig = defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    reporters: ['default', createCountReporter({ leftOut: (chosen) => describeLeftOut(files, chosen) })],
    testTimeout: 30_000,
    // All cores: many files wait for a server or a child process.
    maxWorkers: '100%',
    projects: suites.map((suite) => ({ extends: true, test: { name: suite, include: files[suite] } }))
  }
})

export default config
