import type { SubjectMethods } from './applications/subject-process.ts'
import type { Family } from './applications/subjects.ts'
import type { BaseBuild } from './base-build.ts'
import { startWorker, type Worker, type WorkerOptions } from './worker.ts'

/** One subject in a process of its own. */
export interface Subject extends Worker<SubjectMethods> {
  readonly name: string
}

export interface SubjectOptions extends Omit<WorkerOptions, 'base'> {
  /** Address of the store, for a store on a server. */
  readonly url?: string
  /** Packages of another commit; the subject gets its name. */
  readonly base?: BaseBuild
}

export async function startSubject(family: Family, name: string, options: SubjectOptions = {}): Promise<Subject> {
  const { url = '', base, core, flags = [] } = options
  const title = base?.subject ?? name
  const worker = startWorker<SubjectMethods>('applications/subject-process.ts', {
    core,
    base: base?.folder,
    // Gives the profile of each subject its own name.
    flags: flags.map((flag) => flag.replace('SUBJECT', title.replace(/\W+/g, '-')))
  })
  await worker.call('load', family, name, url)
  return { name: title, ...worker }
}

/** Runs `work` with subjects, and stops them afterwards, even if it fails. */
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

/** Rotates the order, because the first subject of a round meets the coldest caches. */
export function rotated<T>(all: readonly T[], round: number): readonly T[] {
  const first = round % all.length
  return [...all.slice(first), ...all.slice(0, first)]
}
