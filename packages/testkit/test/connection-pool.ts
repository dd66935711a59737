/** One request to the engine and its response. `run` is the work of the engine, in one step. */
export type RoundTrip = <T>(run: () => Promise<T>) => Promise<T>

/** Imitates the timing of a driver's pool: connections that open slowly, and statements that take a round trip. */
export interface ConnectionPool {
  /** Waits for a free connection, or opens one if fewer than ten are open, and keeps it until `work` has ended. */
  use<T>(work: (roundTrip: RoundTrip) => Promise<T>): Promise<T>
}

const maxConnections = 10
/** In turns of the event loop. The server accepts one connection after another, and each takes longer than a transaction. */
const turnsToOpen = 12

export function createConnectionPool(): ConnectionPool {
  const waiting: (() => void)[] = []
  let opened = 0
  let free = 0
  let opening = Promise.resolve()

  async function acquire(): Promise<void> {
    if (free > 0) {
      free--
      return
    }
    const released = new Promise<void>((resolve) => waiting.push(resolve))
    if (opened < maxConnections) {
      opened++
      opening = opening.then(() => turns(turnsToOpen))
      void opening.then(release)
    }
    await released
  }

  function release(): void {
    const next = waiting.shift()
    if (next) next()
    else free++
  }

  return {
    async use(work) {
      await acquire()
      try {
        return await work(roundTrip)
      } finally {
        release()
      }
    }
  }
}

async function roundTrip<T>(run: () => Promise<T>): Promise<T> {
  await turns(1)
  return run()
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}
