import { defineConfig, type ViteUserConfig } from 'vitest/config'
import { createCountReporter } from './scripts/count-reporter.ts'

// Packages import one another's sources, so that tests and coverage need no build.
const conditions = ['@kvsession/source']

const config: ViteUserConfig = defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages', 'examples', 'tools']
      .map((group) => `${group}/*/test/**/*.test.ts`)
      .concat('scripts/test/**/*.test.ts', 'bench/test/**/*.test.ts'),
    reporters: ['default', createCountReporter()],
    testTimeout: 30_000
  }
})

export default config
