import type { SessionManager } from '@kvsession/core'
import { changeSession, createRotation, type Latency, openSession, summarise, timeOf } from './scale-latency.ts'

/** Requests that go on until they are told to stop. */
export interface Traffic {
  /** What the requests took since the last time this was asked. @throws Error of a request that failed */
  take(): Latency
  /** The same, once there were as many. */
  takeAfter(requests: number): Promise<Latency>
  stop(): Promise<void>
}

const clients = 4
/** Every fifth request writes. */
const writes = 5

/** Clients with one request each under way, all the time: four that read, then one that writes. */
export function startTraffic(manager: SessionManager, cookies: readonly string[]): Traffic {
  const next = createRotation(cookies)
  let times: number[] = []
  let running = true
  let failure: unknown
  const client = async (): Promise<void> => {
    for (let turn = 0; running; turn++) {
      const request = turn % writes === 0 ? changeSession : openSession
      times.push(await timeOf(() => request(manager, next())))
    }
  }
  const all = Array.from({ length: clients }, () =>
    client().catch((error: unknown) => {
      failure ??= error
      running = false
    })
  )
  const take = (): Latency => {
    if (failure !== undefined) throw failure
    const taken = times
    times = []
    return summarise(taken)
  }
  return {
    take,
    async takeAfter(requests) {
      times = []
      while (running && times.length < requests) await new Promise((resolve) => setTimeout(resolve, 5))
      return take()
    },
    async stop() {
      running = false
      await Promise.all(all)
      if (failure !== undefined) throw failure
    }
  }
}
