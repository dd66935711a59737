import { type StoreCaseOptions, storeCases } from '@kvsession/testkit'

/** Runs all cases at once, each on its own store, and returns the failed ones as `group: name`. */
export async function failingCases(options: StoreCaseOptions): Promise<string[]> {
  const titles = await Promise.all(
    storeCases(options).map(async ({ group, name, run }) => {
      try {
        await run()
        return []
      } catch {
        return [`${group}: ${name}`]
      }
    })
  )
  return titles.flat()
}
