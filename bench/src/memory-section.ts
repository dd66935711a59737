import { atMost, type Section, type Table, type Verdict } from './figures.ts'
import { runScript } from './run-script.ts'
import { quantile, shown } from './statistics.ts'

export const memorySection: Section = {
  name: 'memory',
  title: 'Memory',
  about:
    'Heap after a full collection. Entries are records of 200 characters under keys of 43. A sweep runs over as many, half of ' +
    'them expired; its pause is the longest time that the event loop stood still. express-session’s store has no ' +
    'sweep: its line is for `all()`, which looks at every session and leaves the expired out.',
  async run(quick) {
    const entries = quick ? 200_000 : 1_000_000
    const kept = new Map<string, Kept>(subjects.map((subject) => [subject, { bytes: [], longest: [], whole: [] }]))
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      for (const [subject, { bytes, longest, whole }] of kept) {
        bytes.push(Number(await probe('entry', subject, entries)))
        if (subject === 'Map') continue
        const pauses = asPauses(await probe('sweep', subject, entries))
        longest.push(pauses.longest)
        whole.push(pauses.whole)
      }
    }
    const median = (subject: string, what: keyof Kept): number => quantile(kept.get(subject)?.[what] ?? [], 0.5)
    const pause = median('memory store', 'longest')
    const size = entries.toLocaleString('en')
    const heaps = asNumbers(await probe('growth', 'kvsession', quick ? 100_000 : 10_000_000))
    return {
      tables: [
        {
          title: `${size} entries`,
          columns: ['', 'bytes an entry', 'longest pause of a sweep', 'sweep in all'],
          rows: subjects.map((subject) => [
            subject,
            shown(median(subject, 'bytes')),
            milliseconds(median(subject, 'longest')),
            milliseconds(median(subject, 'whole'))
          ])
        },
        await flightTable(quick),
        growthTable(heaps, quick ? 100_000 : 10_000_000)
      ],
      verdicts: [
        atMost(
          `Memory store, ${size} entries, bytes against a Map`,
          1.25,
          median('memory store', 'bytes') / median('Map', 'bytes')
        ),
        {
          target: `Memory store, longest pause of a sweep of ${size}`,
          wanted: '≤ 5 ms',
          reached: milliseconds(pause),
          met: pause <= 5
        },
        flatVerdict(heaps)
      ]
    }
  }
}

const subjects = ['Map', 'memory store', 'express-session']

interface Kept {
  readonly bytes: number[]
  readonly longest: number[]
  readonly whole: number[]
}

function milliseconds(value: number): string {
  return Number.isFinite(value) ? `${shown(value)} ms` : '–'
}

/** Of the second half, what the last tenth has more than the first: warming up is over by then. */
function flatVerdict(heaps: readonly number[]): Verdict {
  const grown = (heaps.at(-1) ?? Number.NaN) / (heaps[5] ?? Number.NaN) - 1
  return {
    target: 'Heap over the second half of all requests',
    wanted: 'grows ≤ 3 %',
    reached: `${(grown * 100).toFixed(2)} %`,
    met: grown <= 0.03
  }
}

const flags = ['--expose-gc', '--max-old-space-size=8192']

function probe(what: string, subject: string, count: number): Promise<unknown> {
  return runScript('memory-probe.ts', [what, subject, String(count)], { flags })
}

async function flightTable(quick: boolean): Promise<Table> {
  const count = quick ? 2_000 : 10_000
  const rows: string[][] = []
  const bare = Number(await probe('flight', 'bare', count))
  for (const subject of ['floor: our cryptography, our store', 'kvsession', 'express-session']) {
    rows.push([subject, shown(Number(await probe('flight', subject, count)) - bare)])
  }
  return {
    title: `A request under way on Express, ${count.toLocaleString('en')} at once, above the bare framework`,
    columns: ['', 'bytes a request'],
    rows
  }
}

function growthTable(heaps: readonly number[], requests: number): Table {
  return {
    title: `Heap on Express over ${requests.toLocaleString('en')} requests of 64 sessions, a quarter of them writing`,
    columns: ['after', ...heaps.map((_, index) => `${(index + 1) * 10} %`)],
    rows: [['MB', ...heaps.map((bytes) => (bytes / 1e6).toFixed(2))]]
  }
}

function asPauses(value: unknown): { readonly longest: number; readonly whole: number } {
  return value as { readonly longest: number; readonly whole: number }
}

function asNumbers(value: unknown): readonly number[] {
  return Array.isArray(value) ? value.map(Number) : []
}
