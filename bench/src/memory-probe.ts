import { createMemoryStore } from '@kvsession/core'
import { applicationsOf, type FrameworkName } from './applications.ts'
import { pairsOf } from './cell.ts'
import { expressSession } from './express-session-peer.ts'
import { longestTurn } from './turns.ts'

// Run with --expose-gc: prints one number, or several, as JSON.

const [what = '', subject = '', amount = '0'] = process.argv.slice(2)
const count = Number(amount)

function heap(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
}

/** The collector finishes what filling has left it, some of it in the turns after. */
async function settle(): Promise<void> {
  globalThis.gc?.()
  await new Promise((resolve) => setTimeout(resolve, 1_000))
}

function keyOf(index: number): string {
  return `sessions.s.${index.toString(16).padStart(32, '0')}`
}

/** Exactly 200 characters, each its own text. */
function recordOf(index: number): string {
  return Buffer.from(`{"v":1,"n":"${index}"}\n`.padEnd(200, 'x')).toString('latin1')
}

/** As its JSON text, which is what it keeps, the same 200 characters. */
function peerRecordOf(index: number): object {
  const empty = JSON.stringify({ n: index, x: '' }).length
  return { n: index, x: 'x'.repeat(200 - empty) }
}

/** Heap bytes of an entry, at so many entries. */
async function bytesPerEntry(): Promise<number> {
  const map = new Map<string, string>()
  const store = createMemoryStore()
  const peer = new expressSession.MemoryStore()
  const before = heap()
  for (let index = 0; index < count; index++) {
    const key = Buffer.from(keyOf(index)).toString('latin1')
    if (subject === 'Map') map.set(key, recordOf(index))
    else if (subject === 'express-session') peer.set(key, peerRecordOf(index))
    else await store.compareAndSet(key, undefined, recordOf(index), Date.now() + 3_600_000)
  }
  const bytes = (heap() - before) / count
  if (map.size + (await store.deleteExpired()) + Object.keys(peer).length < 0) throw new Error('kept alive until here')
  return bytes
}

/** Longest time, in ms, for which a sweep of so many expired entries lets nothing else run, and how long it takes. */
async function sweepPauses(): Promise<{ longest: number; whole: number }> {
  let now = Date.now()
  const store = createMemoryStore({ clock: { now: () => now } })
  for (let index = 0; index < count; index++) {
    await store.set(keyOf(index), recordOf(index), index % 2 === 0 ? now + 1_000 : now + 7_200_000)
  }
  now += 10_000
  await settle()
  const begin = performance.now()
  const longest = await longestTurn(() => store.deleteExpired())
  return { longest, whole: performance.now() - begin }
}

/** The same of express-session's store, which looks at all that it has, half of it expired. */
async function peerPauses(): Promise<{ longest: number; whole: number }> {
  const peer = new expressSession.MemoryStore()
  const now = Date.now()
  for (let index = 0; index < count; index++) {
    const expires = new Date(now + (index % 2 === 0 ? -1_000 : 7_200_000))
    peer.set(keyOf(index), { cookie: { expires }, ...peerRecordOf(index) })
  }
  await settle()
  const begin = performance.now()
  const longest = await longestTurn(() => new Promise((resolve) => peer.all(resolve)))
  return { longest, whole: performance.now() - begin }
}

/** Heap bytes of a request under way whose handler waits. */
async function bytesInFlight(framework: FrameworkName): Promise<number> {
  const application = await (await applicationsOf(framework))[subject]?.()
  if (!application) throw new Error(`no ${subject}`)
  const cookie = pairsOf(await application.request('/create/300B', ''))
  for (let i = 0; i < 2_000; i++) await application.request('/read', cookie)
  const waiting: Promise<unknown>[] = []
  const before = heap()
  for (let i = 0; i < count; i++) waiting.push(application.request('/wait', cookie))
  await new Promise((resolve) => setTimeout(resolve, 50))
  const bytes = (heap() - before) / count
  await Promise.all(waiting)
  return bytes
}

/** Heap after so many reading and writing requests, in bytes, at ten moments. */
async function growth(framework: FrameworkName): Promise<number[]> {
  const application = await (await applicationsOf(framework))[subject]?.()
  if (!application) throw new Error(`no ${subject}`)
  const cookies: string[] = []
  for (let i = 0; i < 64; i++) cookies.push(pairsOf(await application.request('/create/300B', '')))
  const heaps: number[] = []
  for (let part = 0; part < 10; part++) {
    await Promise.all(
      Array.from({ length: 16 }, async (_, worker) => {
        for (let i = 0; i < count / 160; i++) {
          const path = i % 4 === 0 ? '/write' : i % 4 === 1 ? '/untouched' : '/read'
          await application.request(path, cookies[(worker + 16 * i) % 64] ?? '')
        }
      })
    )
    heaps.push(heap())
  }
  return heaps
}

async function probe(): Promise<unknown> {
  switch (what) {
    case 'entry':
      return bytesPerEntry()
    case 'sweep':
      return subject === 'express-session' ? peerPauses() : sweepPauses()
    case 'flight':
      return bytesInFlight('express')
    case 'growth':
      return growth('express')
    default:
      throw new Error(`Nothing is called ${what}`)
  }
}

console.log(JSON.stringify(await probe()))
process.exit()
