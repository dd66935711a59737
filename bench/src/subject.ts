import type { TestProcess } from 'stress/processes'
import type { SubjectMethods } from './applications/subject-process.ts'
import type { Family } from './applications/subjects.ts'
import type { BaseBuild } from './base-build.ts'
import { type BenchProcessOptions, startBenchProcess } from './bench-process.ts'

/** One subject in a process of its own, or in several behind one port. */
export interface Subject extends Pick<TestProcess<SubjectMethods>, 'call' | 'stop'> {
  readonly name: string
}

export interface SubjectOptions extends Omit<BenchProcessOptions, 'base'> {
  /** Packages of another commit; the subject gets its name. */
  readonly base?: BaseBuild
  /** What the subject is called in tables. Default: its name. */
  readonly title?: string
  /** Address of the store, for a store on a server. */
  readonly url?: string
  /** How many processes of `node:cluster` serve it. Default: one without a cluster. */
  readonly processes?: number
}

export async function startSubject(family: Family, name: string, options: SubjectOptions = {}): Promise<Subject> {
  const { base, core, url = '', processes, title = base?.subject ?? name, flags = [] } = options
  const file = processes === undefined ? 'applications/subject-process.ts' : 'load/cluster-process.ts'
  const { call, stop } = await startBenchProcess<SubjectMethods>(file, {
    core,
    base: base?.folder,
    args: [String(processes)],
    // Gives the profile of each subject its own name.
    flags: flags.map((flag) => flag.replace('SUBJECT', title.replace(/\W+/g, '-')))
  })
  await call('load', family, name, url)
  return { name: title, call, stop }
}

/** A subject that listens. */
export interface Server extends Subject {
  readonly port: number
  /** `Cookie` headers of live sessions. */
  readonly cookies: readonly string[]
}

/** One after the other, because a library may create its table with the first session. */
export async function serveAll(subjects: readonly Subject[]): Promise<readonly Server[]> {
  const servers: Server[] = []
  for (const subject of subjects) {
    const port = await subject.call('serve')
    servers.push({ ...subject, port, cookies: subject.name === 'bare' ? [] : await subject.call('cookies') })
  }
  return servers
}

/** Starts subjects one after the other, runs `work` with them, and stops them afterwards, even if it fails. */
export async function withSubjects<Result>(
  starters: readonly (() => Promise<Subject>)[],
  work: (subjects: readonly Subject[]) => Promise<Result>
): Promise<Result> {
  const started: Subject[] = []
  try {
    for (const start of starters) started.push(await start())
    return await work(started)
  } finally {
    await Promise.all(started.map(({ stop }) => stop()))
  }
}

/** Rotates the order, because the first subject of a round meets the coldest caches. */
export function rotated<T>(all: readonly T[], round: number): readonly T[] {
  const first = round % all.length
  return [...all.slice(first), ...all.slice(0, first)]
}
