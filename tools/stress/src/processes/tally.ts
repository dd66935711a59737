/** What a stress test counts while it runs. */
export interface Tally {
  readonly counts: Readonly<Record<string, number>>
  count(name: string, by?: number): void
  /** What must not happen, by kind. */
  readonly violations: ReadonlyMap<string, readonly string[]>
  report(kind: string, what: string): void
  /** @throws Error that lists the violations, when there are so many that going on shows nothing new */
  stopAtMany(): void
  /** The first violations of each kind; empty when there are none. */
  describe(): string
}

const mostViolations = 100
const shownOfEachKind = 5

export function createTally(): Tally {
  const counts: Record<string, number> = {}
  const violations = new Map<string, string[]>()
  const describe = (): string =>
    [...violations]
      .map(([kind, found]) => `${found.length} ${kind}:\n${found.slice(0, shownOfEachKind).join('\n')}`)
      .join('\n')
  return {
    counts,
    count(name, by = 1) {
      counts[name] = (counts[name] ?? 0) + by
    },
    violations,
    report(kind, what) {
      violations.set(kind, [...(violations.get(kind) ?? []), what])
    },
    stopAtMany() {
      if ([...violations.values()].flat().length > mostViolations) throw new Error(describe())
    },
    describe
  }
}
