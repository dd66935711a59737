import { acts } from './cell.ts'
import type { Bar, Figures, Profile, Table, Verdict } from './figures.ts'
import { floorNames } from './floor-names.ts'
import { groupTimes, profileGroups } from './profile-groups.ts'
import { shown } from './statistics.ts'

/** Why some targets are missed, and what would get there. Stands on the page while one of them is. */
interface Explanation {
  readonly targets: RegExp
  readonly title: string
  why(kept: Kept): string
  readonly next: string
  /** Framework and act of the profile that shows it. */
  readonly profile?: readonly [framework: string, act: string]
}

/** What the sections have kept. */
export interface Kept {
  readonly bars: readonly Bar[]
  readonly profiles: readonly Profile[]
}

const explanations: readonly Explanation[] = [
  {
    targets: /^Express, .* against express-session$/,
    title: 'Express against express-session',
    why: (kept) =>
      'The targets were set by measurements on another machine, where express-session took 34 to 39 µs a request with a session and ' +
      `the floors 5 to 8. Here express-session takes ${range(kept, 'Express', ['express-session'])} and the floors ` +
      `${range(kept, 'Express', floorNames)}: what hand-written sessions leave of the target is in the column *the floors*, and a ` +
      'target below that column asks for less than one HMAC, one SHA-256 and one `JSON.parse`, which is all they do. What comes on ' +
      'top of the floor is the table below: strict checks of what is stored, deadlines, events, and a response that waits for its ' +
      'commit through whichever of four methods it is begun with.',
    next:
      'A bounded map from a token’s text to its verified parts would save the HMAC and the hash for every request but the first of a ' +
      'session, at the price of live secrets in memory. Data that tells when it was changed (a proxy) would ' +
      'save the comparison of every request that reads; it would not be the plain object that it is now, for `structuredClone` and for identity.',
    profile: ['express', 'read']
  },
  {
    targets: /no cookie$/,
    title: 'Without a cookie',
    why: () =>
      'A visitor without a cookie gets an empty session, which is made before anybody asks for it, and a response that is ready to wait ' +
      'for a commit in case the handler fills it.',
    next: 'A session that is made when the handler first looks, by the getter alone.',
    profile: ['express', 'read']
  },
  {
    targets: /^Koa, (?:untouched|read|write), against koa-session/,
    title: 'Koa against koa-session',
    why: (kept) =>
      `koa-session takes ${range(kept, 'Koa', ['koa-session, store'], 'read')} for a request that reads, most of it in keygrip’s ` +
      `verification (Node’s \`createHmac\` with a key that is no KeyObject), and the floors ${range(kept, 'Koa', floorNames, 'read')}.`,
    next: 'The same as for Express: a map of verified tokens, and data that tells when it was changed.',
    profile: ['koa', 'read']
  },
  {
    targets: /^Koa, create, against koa-session/,
    title: 'Creating sessions on Koa',
    why: (kept) =>
      `Nothing is verified when a session is created, so that koa-session is near the floors there: ${range(kept, 'Koa', ['koa-session, store'], 'create')} ` +
      `against ${range(kept, 'Koa', floorNames, 'create')}. It signs with SHA-1, keeps the id itself in its store, and does not wait to learn whether the store had ` +
      'that id already; ours draws an id and a secret, hashes the one, signs both, and creates by compareAndSet.',
    next: 'Ids and secrets drawn ahead, their hashes and tags with them, while the event loop is idle: it moves the work, and takes none away.'
  },
  {
    targets: /^Hono, .* against (?:hono-sessions|iron-session|@hono)/,
    title: 'Hono against its peers',
    why: (kept) =>
      `hono-sessions takes ${range(kept, 'Hono', ['hono-sessions, plain id'], 'read')} for a request that reads: it signs nothing, and its store hands ` +
      `out the live object. The floors take ${range(kept, 'Hono', floorNames, 'read')}. Against iron-session and @hono/session, which encrypt and decrypt all ` +
      'data in each request, a twentieth is about what a floor takes: see the column.',
    next: 'The same as for Express: a map of verified tokens, and data that tells when it was changed.',
    profile: ['hono', 'read']
  },
  {
    targets: /against floor/,
    title: 'Against the hand-written floor',
    why: () =>
      'The floor trusts its store, its clock and its caller. What it leaves out and we do, in each request: look at every cookie of the name, ' +
      'not at the first; check the record’s shape, idle and absolute deadline; bound the store’s time; refuse data that JSON would lose; hold the ' +
      'response until the commit is confirmed; merge with what another request has stored meanwhile; answer `Vary` and `Cache-Control`. ' +
      'No single one of them is large: the table says where they add up, the one on [where the time goes](#where-the-time-goes) which files they are in.',
    next:
      'A head of the record that is changed in place, and neither parsed nor written anew: 1.5 µs of a write. A write that is alone on its ' +
      'key handed to the store without queue and group, which it needs only if another one comes: 0.8. One function from header to session for ' +
      'the path that nearly all requests take, with the others behind it: the rest of core is spread over as many small functions.',
    profile: ['express', 'write']
  },
  {
    targets: /^Redis .* p99/,
    title: 'The slowest requests on Redis',
    why: () =>
      'With 32 connections and a store 1 ms away the median waits for the network; the 99th percentile is the event loop of whichever ' +
      'process shares the two cores with `wrk`, Redis and the delaying proxy. One command in place of two halves the waiting, and not that.',
    next: 'A machine with a core for each of the four processes: the ratio of medians, which is in the table, shows what is left there.'
  },
  {
    targets: /^Redis .* throughput/,
    title: 'Throughput on Redis',
    why: () =>
      'Most of the processor time of such a request is the framework’s and the client’s: the column *the floors* is what one GET, one HMAC and ' +
      'one `JSON.parse` leave of connect-redis’s. One command in place of two is what can be saved.',
    next: 'Reading several sessions with one MGET where requests arrive in the same turn: fewer replies to parse, at the price of waiting for the turn’s end.'
  },
  {
    targets: /^64 writers, updates lost/,
    title: 'Lost updates',
    why: () => 'An update that was answered as stored and is not there is a defect, not a matter of speed.',
    next: 'None: run `npm test` and report what you see.'
  },
  {
    targets: /^64 writers, updates a second/,
    title: 'Many writers on one session',
    why: () =>
      'Who loses updates writes all of them at once: 64 requests are 64 reads and 64 writes side by side, of which one write survives. Who ' +
      'keeps them all lets those of one process take turns, and stores together what waits ([13](../docs/decisions/0013-group-commit.md)): a request takes ' +
      'its read, the rest of the write under way, and its own.',
    next:
      'A second write of the same session under way before the first is confirmed, made of the first one’s text, and decided again with it ' +
      'when that is refused: the wait for a write under way goes, and a refusal costs two.'
  },
  {
    targets: /sessions against/,
    title: 'Growth',
    why: () =>
      'What grows is what is asked of memory: a million records do not fit a processor’s cache, and a request reads all of its record where the ' +
      'engine’s own *get*, which is taken off, need not look at a value. In a tree of pages a write also dirties more of them. On Redis, ' +
      'PostgreSQL and LMDB our part is a small part of an operation, and the figure a difference of two larger ones that move by as much.',
    next: 'Smaller records: a binary head in place of the line of JSON, and data that is compressed beyond a kilobyte.'
  },
  {
    targets: /^Memory store.*bytes/,
    title: 'Bytes of the memory store',
    why: () => 'An entry is a string and a deadline, an object of two fields beside what a `Map` of strings needs.',
    next: 'The deadline as the first characters of the text: no object an entry, at the price of a slice for each read.'
  },
  {
    targets: /^Memory store.*pause/,
    title: 'Pauses of a sweep',
    why: () =>
      'The sweep gives way every thousand entries, which takes less than a tenth of a millisecond; what is longer is the garbage ' +
      'collector’s, most of it over what filling the store and watching the event loop have left.',
    next: 'None in the store is known: nineteen maps in place of one make no difference.'
  },
  {
    targets: /^Heap/,
    title: 'Heap over many requests',
    why: () =>
      'The heap after a full collection also holds what V8 compiles and caches, which goes on for as long as functions are optimised.',
    next: 'A longer run: a leak grows with the requests, what is compiled does not.'
  }
]

/** The part of the page about what is not met. */
export function unmetText(verdicts: readonly Verdict[], kept: Kept, markdown: (table: Table) => string[]): string[] {
  const missed = verdicts.filter(({ met }) => !met)
  const sections = explanations.flatMap(({ targets, title, why, next, profile }) => {
    const mine = missed.filter(({ target }) => targets.test(target))
    if (mine.length === 0) return []
    const list = mine.map(({ target, reached }) => `${target}: ${reached}`).join('; ')
    const table = profile && profileTable(kept, ...profile)
    return [
      ...[`### ${title}`, '', `Missed: ${list}.`, '', why(kept), ''],
      ...(table ? [...markdown(table), ''] : []),
      ...[`**The next design.** ${next}`, '']
    ]
  })
  return sections.length === 0 ? [] : ['## What is not met, and why', '', ...sections]
}

/** Verdicts for which no explanation is written. */
export function unexplained(verdicts: readonly Verdict[]): readonly string[] {
  return verdicts
    .filter(({ target, met }) => !met && !explanations.some(({ targets }) => targets.test(target)))
    .map(({ target }) => target)
}

function profileTable({ profiles }: Kept, framework: string, act: string): Table | undefined {
  const mine = profiles.filter((profile) => profile.framework === framework && profile.act === act)
  const bare = mine.find(({ subject }) => subject === 'bare')
  if (!bare) return undefined
  const columns = mine.map((profile) => groupTimes(profile, bare))
  return {
    title: '',
    columns: [`${framework}, ${act}: µs a request`, ...mine.map(({ subject }) => subject)],
    rows: [
      ...profileGroups.map((group) => [group, ...columns.map((times) => cellOf(times.get(group) ?? 0))]),
      ['in all', ...mine.map(({ whole }) => cellOf(whole))]
    ]
  }
}

function cellOf(microseconds: number): string {
  return microseconds < 0.05 ? '' : microseconds.toFixed(1)
}

/** `17–23 µs`: from the least to the most that these subjects take for what has a session. */
function range({ bars }: Kept, framework: string, subjects: readonly string[], act?: string): string {
  const times = bars
    .filter((bar) => bar.framework === framework && subjects.includes(bar.subject))
    .filter((bar) => (act === undefined ? bar.act !== acts[0] : bar.act === act))
    .map(({ microseconds }) => microseconds)
  const [least, most] = [Math.min(...times), Math.max(...times)].map(shown)
  return least === most ? `${least} µs` : `${least} to ${most} µs`
}

/** What the explanations are made of, from the figures of all sections. */
export function keptIn(figures: readonly Figures[]): Kept {
  return {
    bars: figures.flatMap(({ bars = [] }) => bars),
    profiles: figures.flatMap(({ profiles = [] }) => profiles)
  }
}
