/** A test file in its long form; it records its results by itself. */
export interface StressTest {
  readonly name: string
  /** What it shows, one sentence. */
  readonly claim: string
  /** The counts of the summary: what was tried, then what was found. */
  readonly headline: readonly string[]
  /** Test files, relative to the root; each runs in a process of its own. */
  readonly files: readonly string[]
  /** The environment variable that says how much one process does, and its value in the long form. */
  readonly scale: { readonly variable: string; readonly long: number }
  /** How many seeds the long form takes, each in a process of its own. */
  readonly seeds: number
  /** The sources under test: the result names their commit. */
  readonly sources: readonly string[]
}

const core = ['packages/core']
const adapters = ['packages/core', 'packages/express', 'packages/koa', 'packages/hono', 'tools/stress']
const fileStores = ['packages/store-sqlite', 'packages/store-lmdb', 'packages/store-file', 'tools/stress']

export const stressTests: readonly StressTest[] = [
  {
    name: 'explore',
    claim:
      'In no order of the store operations of concurrent requests is an update lost, a session revived, a token too many valid, or a session missing from its user’s index; with every single step failing before or after its effect, answered late, or the last of its process.',
    headline: ['schedules', 'violations'],
    // The fourth, interleavings.test.ts, is exhaustive in every test run; what remains needs more than 10 GB at this scale.
    files: ['pairs', 'triples', 'faults', 'unlike-managers'].map(
      (name) => `packages/core/test/exploration/${name}.test.ts`
    ),
    scale: { variable: 'KVSESSION_SCHEDULES', long: 200_000 },
    seeds: 1,
    sources: core
  },
  {
    name: 'tokens',
    claim: 'No token that was not issued is accepted, reaches the store, or throws.',
    headline: ['bad tokens', 'accepted', 'exceptions'],
    files: ['packages/core/test/token/token-campaign.test.ts'],
    scale: { variable: 'KVSESSION_TOKENS', long: 25_000_000 },
    seeds: 40,
    sources: core
  },
  {
    name: 'fuzz',
    claim:
      'No header, token, stored value, encrypted payload, session data or option causes a crash, a wrong answer or a slow one.',
    headline: ['executions', 'crashes'],
    files: ['packages/core/test/fuzz/'],
    scale: { variable: 'KVSESSION_FUZZ', long: 20_000_000 },
    seeds: 10,
    sources: core
  },
  {
    name: 'headers',
    claim:
      'No `Cookie` header over real HTTP makes Express, Koa or Hono answer 500 or more, hang, send a header of the client’s making, or change a prototype; a good cookie is found among bad ones.',
    headline: ['requests', 'answers of 500 or more', 'connections that hung'],
    files: ['tools/stress/test/headers/headers.test.ts'],
    scale: { variable: 'KVSESSION_HEADERS', long: 501_000 },
    seeds: 10,
    sources: adapters
  },
  {
    name: 'kills',
    claim:
      'A process that is killed with SIGKILL while it writes, alone or (not on LMDB, which is for one process) beside another, leaves what was acknowledged: no change is lost, no record torn, none revived.',
    headline: ['processes killed', 'acknowledged changes lost', 'records torn or revived'],
    files: ['tools/stress/test/kills/kills.test.ts'],
    scale: { variable: 'KVSESSION_KILLS', long: 500 },
    seeds: 10,
    sources: fileStores
  },
  {
    name: 'parallel-kills',
    claim:
      'Of four processes that serve the same sessions of SQLite or files, 16 writes in flight, one after the other is killed with SIGKILL and replaced, and of one process likewise on LMDB: no acknowledged change is lost, no live session gone, no read stale, and no other process fails.',
    headline: ['processes killed', 'acknowledged changes lost', 'live sessions gone', 'stale reads'],
    files: ['tools/stress/test/kills/parallel-kills.test.ts'],
    scale: { variable: 'KVSESSION_PARALLEL_KILLS', long: 500 },
    seeds: 4,
    sources: [...core, ...fileStores]
  },
  {
    name: 'events',
    claim:
      'Servers that are killed, freeze and lose their connections under load lose no change that was acknowledged, do none twice and revive no ended session.',
    headline: ['changes acknowledged', 'acknowledged changes lost or done twice'],
    files: ['tools/stress/test/outages/events.test.ts'],
    scale: { variable: 'KVSESSION_EVENTS', long: 40 },
    seeds: 10,
    sources: [
      'packages/core',
      'packages/store-redis',
      'packages/store-postgres',
      'packages/store-mysql',
      'tools/stress',
      'tools/test-servers'
    ]
  },
  {
    name: 'timing',
    claim: 'The time that a bad token takes does not depend on how much of it is right.',
    headline: ['samples per attempt'],
    files: ['packages/core/test/timing/'],
    scale: { variable: 'KVSESSION_TIMING', long: 1_000_000 },
    seeds: 1,
    sources: core
  },
  {
    name: 'soak',
    claim:
      'While applications and stores are killed, frozen and restarted and keys are rotated, every acknowledged change is there, every ended session stays ended, and no user is logged out without a reason. The memory of the processes that run from start to end grows by less than 5 % and, once warm, by less than 1 MB an hour more than that of a process without sessions; handles do not grow.',
    headline: ['requests', 'acknowledged changes missing', 'sessions logged out without a reason'],
    files: ['tools/stress/test/soak/soak.test.ts'],
    scale: { variable: 'KVSESSION_SOAK', long: 60 },
    seeds: 1,
    sources: ['packages', 'tools/stress', 'tools/test-servers']
  }
]
