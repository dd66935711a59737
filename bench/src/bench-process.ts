import { join } from 'node:path'
import { type Commands, startProcess, type TestProcess } from 'stress/processes'
import { pinnedCommand } from './cores.ts'

export interface BenchProcessOptions {
  /** Flags of Node. */
  readonly flags?: readonly string[]
  readonly args?: readonly string[]
  /** The one processor core that the process may use. Default: all. */
  readonly core?: number | undefined
  /** Folder of another build of the packages, from `extractBase`. Default: the packages of this tree. */
  readonly base?: string | undefined
}

/** @param file relative to this folder; it calls `answerCalls` */
export function startBenchProcess<C extends Commands>(
  file: string,
  { flags = [], args = [], core, base }: BenchProcessOptions = {}
): Promise<TestProcess<C>> {
  const hook = base === undefined ? [] : ['--import', join(import.meta.dirname, 'base-hook.ts')]
  return startProcess<C>(join(import.meta.dirname, file), {
    args,
    prefix: pinnedCommand([], core),
    flags: [...hook, ...flags],
    env: { NODE_ENV: 'production', KVSESSION_BENCH_BASE: base ?? '' }
  })
}
