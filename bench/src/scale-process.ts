import { createSessionManager, type KeyValueStore, type SessionManager } from '@kvsession/core'
import { changeSession, createRotation, openSession } from 'store-grounds/scale-latency'
import { createPopulation, type StoredSession, visitor } from 'store-grounds/scale-population'
import { isScaleCommand, type ScaleAct, type ScaleCommand, type ScaleSweep } from './scale-command.ts'
import { type PlaceName, type ScalePlace, scalePlaces } from './scale-place.ts'
import { secret } from './secret.ts'
import { longestTurn } from './turns.ts'
import { answerCommands } from './worker.ts'

const minute = 60_000
const briefLifetime = 20 * minute
/** Longer than any run, so that a request that only reads writes nothing. */
const touchInterval = 59 * minute
const sessionsOfUser = 5
/** Of the sessions, those that end before the sweep. */
const briefShare = 0.1
/** Enough for no request to find a session that a cache still holds. */
const mostCookies = 40_000
/** Redis removes by itself. */
const engineSweeps: readonly PlaceName[] = ['redis']

interface Scene {
  readonly place: ScalePlace
  readonly manager: SessionManager
  readonly calls: { get: number; write: number }
  readonly acts: Readonly<Record<ScaleAct, () => unknown>>
  readonly sweeps: boolean
}

let scene: Scene | undefined
let ahead = 0
const clock = { now: (): number => Date.now() + ahead }

async function obey(command: ScaleCommand): Promise<unknown> {
  if (command.type === 'fill') return fill(command.place, command.sessions, command.users)
  if (!scene) throw new Error('Nothing was filled')
  if (command.type === 'measure') return measure(scene.acts[command.act], command.operations)
  if (command.type === 'count') return count(scene, command.act)
  if (command.type === 'sweep') return sweep(scene)
  await scene.manager.close()
  return scene.place.close()
}

async function fill(name: PlaceName, sessions: number, users: number): Promise<number> {
  const place = await scalePlaces[name]({ clock })
  const brief = Math.floor(sessions * briefShare)
  const briefUntil = Date.now() + briefLifetime
  const population = await createPopulation({
    ...{ lasting: sessions - brief, brief, briefUntil, secret, clock },
    mostCookies
  })
  const untouched: StoredSession[] = []
  const began = performance.now()
  await place.load(sampled(population.sessions(), Math.max(2, Math.floor(sessions / mostCookies)), untouched))
  const seconds = (performance.now() - began) / 1000
  const calls = { get: 0, write: 0 }
  const manager = createSessionManager({
    ...{ store: counting(place.store, calls), secret, clock, touchInterval },
    storeTimeout: 15_000
  })
  const next = createRotation(population.cookies)
  let logins = 0
  const login = (): Promise<void> => loginAs(manager, `visitor-${++logins}`)
  for (let user = 0; user < users; user++) {
    for (let one = 0; one < sessionsOfUser; one++) await loginAs(manager, `user-${user}`)
  }
  let [listed, revoked, got, put] = [0, users, 0, 0]
  const keyAt = (index: number): StoredSession => sessionAt(untouched, index)
  scene = {
    place,
    manager,
    calls,
    sweeps: !engineSweeps.includes(name),
    acts: {
      read: () => openSession(manager, next()),
      write: () => changeSession(manager, next()),
      login,
      list: () => mustFind(manager.list({ userId: `user-${listed++ % (users / 2)}` }).then(({ length }) => length)),
      revokeAll: () => mustFind(manager.revokeAll(`user-${--revoked}`)),
      get: () => place.get(keyAt(got++).key),
      set() {
        const { key, value, expiresAt } = keyAt(put++)
        return place.set(key, value, expiresAt)
      }
    }
  }
  return seconds
}

/** Passes all on and keeps every n-th, in no order: their keys are for the engine's own operations. */
function* sampled(sessions: Iterable<StoredSession>, every: number, kept: StoredSession[]): Iterable<StoredSession> {
  let turn = 0
  for (const session of sessions) {
    if (turn++ % every === 1) kept.push(session)
    yield session
  }
}

function sessionAt(sessions: readonly StoredSession[], index: number): StoredSession {
  const session = sessions[(index * 7_919) % sessions.length]
  if (!session) throw new Error('A population has sessions')
  return session
}

/** What the manager asks of the store. */
function counting(store: KeyValueStore, calls: Scene['calls']): KeyValueStore {
  const { compareAndSet } = store
  if (!compareAndSet) throw new Error('Every place here has compareAndSet')
  return {
    ...store,
    get(key) {
      calls.get++
      return store.get(key)
    },
    delete(key) {
      calls.write++
      return store.delete(key)
    },
    compareAndSet(key, expected, value, expiresAt) {
      calls.write++
      return compareAndSet(key, expected, value, expiresAt)
    }
  }
}

async function loginAs(manager: SessionManager, user: string): Promise<void> {
  const session = await manager.open('')
  Object.assign(session.data, visitor)
  session.permanent = true
  await session.login(user)
  await manager.commit(session)
}

async function mustFind(found: Promise<number>): Promise<void> {
  if ((await found) !== sessionsOfUser) throw new Error('A user has lost sessions')
}

async function measure(act: () => unknown, operations: number): Promise<number> {
  const began = performance.now()
  for (let turn = 0; turn < operations; turn++) await act()
  return ((performance.now() - began) / operations) * 1000
}

async function count({ acts, calls }: Scene, act: ScaleAct): Promise<Scene['calls']> {
  const before = { ...calls }
  await acts[act]()
  return { get: calls.get - before.get, write: calls.write - before.write }
}

async function sweep({ manager, sweeps }: Scene): Promise<ScaleSweep> {
  if (!sweeps) return { removed: 0, seconds: 0, longest: 0 }
  ahead = briefLifetime + minute
  let removed = 0
  const began = performance.now()
  const longest = await longestTurn(async () => {
    removed = await manager.sweep()
  })
  return { removed, seconds: (performance.now() - began) / 1000, longest }
}

answerCommands(async (command) => (isScaleCommand(command) ? obey(command) : undefined))
