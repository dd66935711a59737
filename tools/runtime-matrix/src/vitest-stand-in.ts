import { type Clock, install } from '@sinonjs/fake-timers'
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  customMatchers,
  GLOBAL_EXPECT,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState
} from '@vitest/expect'
import { fn, restoreAllMocks, spyOn } from '@vitest/spy'
import * as chai from 'chai'
import { addFinisher, addHook, addSuite, addTest } from './portable-runner.ts'

// What the test files import from vitest, on the portable runner: `expect` and spies are vitest's own, the rest is rebuilt.

chai.use(JestExtend)
chai.use(JestChaiExpect)
chai.use(JestAsymmetricMatchers)

function createExpect(): object {
  const check = (value: unknown, message?: string): unknown => chai.expect(value, message)
  Object.assign(check, chai.expect, Reflect.get(globalThis, ASYMMETRIC_MATCHERS_OBJECT))
  Reflect.set(globalThis, GLOBAL_EXPECT, check)
  setState({ assertionCalls: 0 }, Reflect.get(globalThis, GLOBAL_EXPECT))
  const extend: unknown = Reflect.get(chai.expect, 'extend')
  if (typeof extend === 'function') Reflect.apply(extend, chai.expect, [check, customMatchers])
  return check
}

export const expect: object = createExpect()

type Work = (...values: unknown[]) => unknown
/** `it(title, work)`, `it(title, options, work)`, `it(title, work, timeout)`. */
type Declare = (title: string, ...rest: readonly unknown[]) => void

interface Register extends Declare {
  each(table: readonly unknown[]): Declare
  skipIf(condition: unknown): Declare
}

export const it: Register = createRegister((title, work, skipped) => {
  if (skipped) addSuite('skipped', () => addTest(title, work), true)
  else addTest(title, work)
})
export const test: Register = it
export const describe: Register = createRegister((title, work, skipped) => addSuite(title, work, skipped))

function createRegister(add: (title: string, work: () => unknown, skipped: boolean) => void): Register {
  const declare =
    (skipped: boolean): Declare =>
    (title, ...rest) =>
      add(title, () => workOf(rest)(), skipped)
  const each =
    (table: readonly unknown[]): Declare =>
    (title, ...rest) => {
      const spread = table.every(Array.isArray)
      for (const [index, row] of table.entries()) {
        const values: readonly unknown[] = spread && Array.isArray(row) ? row : [row]
        add(`${titleOf(title, values)} (${index})`, () => workOf(rest)(...values), false)
      }
    }
  return Object.assign(declare(false), {
    each,
    skipIf: (condition: unknown): Declare => declare(Boolean(condition))
  })
}

function workOf(rest: readonly unknown[]): Work {
  for (const part of rest) if (typeof part === 'function') return (...values) => Reflect.apply(part, undefined, values)
  throw new TypeError('A test without a function')
}

/** `$field` of the first value, or the values in turn for `%s` and kin. */
function titleOf(title: string, values: readonly unknown[]): string {
  const [first] = values
  const left = [...values]
  const field = (_: string, name: string): string =>
    typeof first === 'object' && first !== null ? String(Reflect.get(first, name)) : ''
  return title.replace(/\$([\w.]+)/g, field).replace(/%[sdijfoO]/g, () => String(left.shift()))
}

const hook =
  (name: Parameters<typeof addHook>[0]) =>
  (work: () => unknown): void =>
    addHook(name, work)

export const beforeAll: (work: () => unknown) => void = hook('beforeAll')
export const afterAll: (work: () => unknown) => void = hook('afterAll')
export const beforeEach: (work: () => unknown) => void = hook('beforeEach')
export const afterEach: (work: () => unknown) => void = hook('afterEach')

export function onTestFinished(work: () => unknown): void {
  addFinisher(work)
}

/** Types are checked elsewhere, once. */
export function expectTypeOf(): unknown {
  const nothing: unknown = new Proxy(() => nothing, { get: () => nothing })
  return nothing
}

interface WaitOptions {
  readonly timeout?: number
  readonly interval?: number
}

async function waitFor<T>(
  attempt: () => T | Promise<T>,
  { timeout = 5_000, interval = 10 }: WaitOptions = {}
): Promise<T> {
  const end = Date.now() + timeout
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() > end) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, interval))
  }
}

function waitUntil<T>(read: () => T | Promise<T>, options?: WaitOptions): Promise<T> {
  return waitFor(async () => {
    const value = await read()
    if (value) return value
    throw new Error('the condition was never true')
  }, options)
}

/** Replaces properties of an object until they are restored. */
function createStubs(target: () => object): { stub(name: string, value: unknown): void; restore(): void } {
  const replaced = new Map<string, PropertyDescriptor | undefined>()
  return {
    stub(name, value) {
      if (!replaced.has(name)) replaced.set(name, Object.getOwnPropertyDescriptor(target(), name))
      Object.defineProperty(target(), name, { value, configurable: true, writable: true, enumerable: true })
    },
    restore() {
      for (const [name, before] of replaced) {
        if (before === undefined) Reflect.deleteProperty(target(), name)
        else Object.defineProperty(target(), name, before)
      }
      replaced.clear()
    }
  }
}

const globals = createStubs(() => globalThis)
const environment = createStubs(() => process.env)
let timers: Clock | undefined

export const vi: object = {
  fn,
  restoreAllMocks,
  spyOn,
  stubGlobal: globals.stub,
  unstubAllGlobals: globals.restore,
  stubEnv: environment.stub,
  unstubAllEnvs: environment.restore,
  waitFor,
  waitUntil,
  useFakeTimers(): void {
    timers = install({ now: Date.now() })
  },
  useRealTimers(): void {
    timers?.uninstall()
    timers = undefined
  },
  async advanceTimersByTimeAsync(ms: number): Promise<void> {
    await timers?.tickAsync(ms)
  },
  getTimerCount: (): number => timers?.countTimers() ?? 0
}
