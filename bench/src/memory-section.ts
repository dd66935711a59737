import { atMost, type Section, type Table, type Verdict } from './figures.ts'
import { runScript } from './run-script.ts'
import { quantile, shown } from './statistics.ts'

export const memorySection: Section = {
  name: 'memory',
  title: 'Memory',
  about:
    'Heap after a full collection. Entries are records of 200 characters under keys of 43. A sweep runs over as many, half of ' +
    'them expired; its pause is processor time of the main thread between two turns of the event loop.',
  async run(quick) {
    const entries = quick ? 200_000 : 1_000_000
    const rounds = quick ? 1 : 3
    const map: number[] = []
    const ours: number[] = []
    const longest: number[] = []
    const whole: number[] = []
    for (let round = 0; round < rounds; round++) {
      map.push(Number(await probe('entry', 'Map', entries)))
      ours.push(Number(await probe('entry', 'store', entries)))
      const pauses = asPauses(await probe('sweep', 'store', entries))
      longest.push(pauses.longest)
      whole.push(pauses.whole)
    }
    const [mapBytes, ourBytes, pause] = [quantile(map, 0.5), quantile(ours, 0.5), quantile(longest, 0.5)]
    return {
      tables: [
        storeTable(entries, mapBytes, ourBytes, pause, quantile(whole, 0.5)),
        await flightTable(quick),
        await growthTable(quick)
      ],
      verdicts: [
        atMost(`Memory store, ${entries.toLocaleString('en')} entries, bytes against a Map`, 1.25, ourBytes / mapBytes),
        pauseVerdict(pause)
      ]
    }
  }
}

const flags = ['--expose-gc', '--max-old-space-size=8192']

function probe(what: string, subject: string, count: number): Promise<unknown> {
  return runScript('memory-probe.ts', [what, subject, String(count)], { flags })
}

function pauseVerdict(pause: number): Verdict {
  return {
    target: 'Memory store, longest pause of a sweep',
    wanted: '≤ 5 ms',
    reached: `${shown(pause)} ms`,
    met: pause <= 5
  }
}

function storeTable(entries: number, map: number, ours: number, pause: number, whole: number): Table {
  return {
    title: `${entries.toLocaleString('en')} entries`,
    columns: ['', 'bytes an entry', 'longest pause of a sweep', 'sweep in all'],
    rows: [
      ['Map<string, string>', shown(map), '–', '–'],
      ['memory store', shown(ours), `${shown(pause)} ms`, `${shown(whole)} ms`]
    ]
  }
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

async function growthTable(quick: boolean): Promise<Table> {
  const requests = quick ? 100_000 : 1_000_000
  const heaps = asNumbers(await probe('growth', 'kvsession', requests))
  return {
    title: `Heap on Express over ${requests.toLocaleString('en')} requests of 64 sessions, a quarter of them writing`,
    columns: ['after', ...heaps.map((_, index) => `${((index + 1) * 10).toFixed(0)} %`)],
    rows: [['MB', ...heaps.map((bytes) => (bytes / 1e6).toFixed(2))]]
  }
}

function asPauses(value: unknown): { readonly longest: number; readonly whole: number } {
  return value as { readonly longest: number; readonly whole: number }
}

function asNumbers(value: unknown): readonly number[] {
  return Array.isArray(value) ? value.map(Number) : []
}
