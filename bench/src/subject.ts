import type { FrameworkName } from './applications.ts'
import type { Cell } from './cell.ts'
import type { PayloadSize } from './payload.ts'
import type { Rooms } from './rooms.ts'
import type { SubjectCommand } from './subject-command.ts'
import { startWorker } from './worker.ts'

/** One subject in a process of its own: what one makes the compiler assume cannot slow another. */
export interface Subject {
  readonly name: string
  readonly pid: number
  /** Microseconds of processor time a request. */
  batch(cell: Cell, requests: number): Promise<number>
  /** Where the time of so many requests goes. */
  profile(cell: Cell, requests: number): Promise<Rooms>
  cookies(size: PayloadSize): Promise<readonly string[]>
  serve(): Promise<number>
  /** Processor time since the start, microseconds. */
  cpu(): Promise<number>
  stop(): void
}

/** @param store address of a server, for subjects that keep their sessions there. */
export async function startSubject(framework: FrameworkName, name: string, store = ''): Promise<Subject> {
  const { pid, ask: askAny, stop } = startWorker(name, 'subject-process.ts', [], { KVSESSION_BENCH_STORE: store })
  const ask = (command: SubjectCommand): Promise<unknown> => askAny(command)
  await ask({ type: 'load', framework, subject: name })
  return {
    name,
    pid,
    batch: async (cell, requests) => Number(await ask({ type: 'batch', cell, requests })),
    profile: async (cell, requests) => new Map(asPairs(await ask({ type: 'profile', cell, requests }))),
    cookies: async (size) => asTexts(await ask({ type: 'cookies', size })),
    serve: async () => Number(await ask({ type: 'serve' })),
    async cpu() {
      const usage = await ask({ type: 'cpu' })
      return isUsage(usage) ? usage.user + usage.system : Number.NaN
    },
    stop
  }
}

function asTexts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}

/** The subject's process makes them of {@link Rooms}. */
function asPairs(value: unknown): readonly (readonly [string, number])[] {
  return value as readonly (readonly [string, number])[]
}

function isUsage(value: unknown): value is NodeJS.CpuUsage {
  return typeof value === 'object' && value !== null && 'user' in value && 'system' in value
}
