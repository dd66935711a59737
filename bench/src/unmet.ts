/** What the page says of targets that were not met: why, by the profiles, and what would get there. */
export const unmet: readonly string[] = []
