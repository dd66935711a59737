import type { CreateApp } from '../app-under-test.ts'

export interface AdapterCaseOptions {
  /** Mounts the adapter on its framework and serves it on a free port of 127.0.0.1. Called once per case or more. */
  createApp: CreateApp
  /**
   * Whether the adapter can see that a response has ended, and so store what a stream changed and did not save itself.
   * Default `true`; `false` where the framework hands its responses to the runtime and never hears of them again.
   */
  seesResponseEnd?: boolean
}

/** One sentence that an adapter must keep, ready to run. */
export interface AdapterCase {
  readonly group: string
  readonly name: string
  run(): Promise<void>
}

/** The suite without a runner, for other harnesses. Cases are independent of each other. */
export function adapterCases(options: AdapterCaseOptions): readonly AdapterCase[] {
  if (typeof options.createApp !== 'function') throw new TypeError('createApp must be a function that serves an app.')
  return []
}
