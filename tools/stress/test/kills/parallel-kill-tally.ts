export type Fault = 'lost' | 'gone' | 'stale' | 'invented' | 'revived' | 'failed' | 'fallen'

export interface ParallelKillTally {
  kills: number
  /** Logins, changes and logouts that were acknowledged. */
  acknowledged: number
  /** Changes of which nobody knows: their process was killed before it answered. */
  inDoubt: number
  sessions: number
  /** What should not be, by kind. */
  readonly faults: Readonly<Record<Fault, string[]>>
}

/** A campaign that finds more than this is over. */
const mostFaults = 100

export function emptyTally(): ParallelKillTally {
  const faults = { lost: [], gone: [], stale: [], invented: [], revived: [], failed: [], fallen: [] }
  return { kills: 0, acknowledged: 0, inDoubt: 0, sessions: 0, faults }
}

export function noteFault({ faults, kills }: ParallelKillTally, fault: Fault, what: string): void {
  faults[fault].push(`after ${kills} kills, ${what}`)
}

/** @throws Error that lists them */
export function stopAtManyFaults({ faults }: ParallelKillTally): void {
  if (Object.values(faults).flat().length > mostFaults) throw new Error(describeFaults(faults))
}

/** The first few of each kind; nothing when there are none. */
export function describeFaults(faults: ParallelKillTally['faults']): string {
  return Object.entries(faults)
    .filter(([, found]) => found.length > 0)
    .map(([fault, found]) => `${found.length} ${fault}:\n${found.slice(0, 5).join('\n')}`)
    .join('\n')
}
