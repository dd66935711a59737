import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/**
 * The core on which server and load run together, and the one for a load generator that never sleeps. Both `undefined`
 * without `taskset` or a second core: then nothing is pinned, and the fixed rate is not measured.
 */
export const cores: { readonly shared?: number; readonly generator?: number } =
  spawnSync('taskset', ['-V']).error === undefined && availableParallelism() > 1
    ? { shared: availableParallelism() - 1, generator: 0 }
    : {}

export function pinnedCommand(command: readonly string[], core: number | undefined): readonly string[] {
  return core === undefined ? command : ['taskset', '-c', String(core), ...command]
}
