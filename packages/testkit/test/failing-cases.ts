import { type StoreCaseOptions, storeCases } from '@kvsession/testkit'

/** The cases, as `group: name`, that fail; all of them run at once, each on a store of its own. */
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
