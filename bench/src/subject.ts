import type { TestProcess } from 'stress/processes'
import type { SubjectMethods } from './applications/subject-process.ts'
import type { Family } from './applications/subjects.ts'
import type { BaseBuild } from './base-build.ts'
import { type BenchProcessOptions, startBenchProcess } from './bench-process.ts'

/** One subject in a process of its own. */
export interface Subject extends Pick<TestProcess<SubjectMethods>, 'call' | 'stop'> {
  readonly name: string
}

export interface SubjectOptions extends Omit<BenchProcessOptions, 'base'> {
  /** Packages of another commit; the subject gets its name. */
  readonly base?: BaseBuild
}

export async function startSubject(family: Family, name: string, options: SubjectOptions = {}): Promise<Subject> {
  const { base, core, flags = [] } = options
  const title = base?.subject ?? name
  const { call, stop } = await startBenchProcess<SubjectMethods>('applications/subject-process.ts', {
    core,
    base: base?.folder,
    // So that each subject's profile can be told from the others.
    flags: flags.map((flag) => flag.replace('SUBJECT', title.replace(/\W+/g, '-')))
  })
  await call('load', family, name, '')
  return { name: title, call, stop }
}

/** Runs `work` with subjects, and stops them whatever happens. */
export async function withSubjects<Result>(
  starting: readonly Promise<Subject>[],
  work: (subjects: readonly Subject[]) => Promise<Result>
): Promise<Result> {
  const started = await Promise.allSettled(starting)
  try {
    return await work(await Promise.all(starting))
  } finally {
    await Promise.all(started.map((one) => (one.status === 'fulfilled' ? one.value.stop() : undefined)))
  }
}

/** Another one begins each round: the first one meets the coldest caches. */
export function rotated<T>(all: readonly T[], round: number): readonly T[] {
  const first = round % all.length
  return [...all.slice(first), ...all.slice(0, first)]
}
