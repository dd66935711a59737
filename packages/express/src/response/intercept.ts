import { frameworkPrototype } from '../framework-prototype.ts'
import {
  findHeldResponse,
  type HeldResponse,
  heldResponseOf,
  type InterceptedMethod,
  type OriginalMethods
} from './held-response.ts'
import type { ServerResponse } from './server-response.ts'

type Handler = (held: HeldResponse, args: readonly unknown[]) => unknown

/** What a response does in place of each method. */
export type Handlers = Readonly<Record<InterceptedMethod, Handler>>

export interface Interception {
  /**
   * Replaces the methods once on the prototype of Express's responses, which costs a request nothing, or on the response
   * itself: it is not Express's, or a middleware mounted earlier has put methods of its own on it.
   */
  begin(response: ServerResponse): Pick<HeldResponse, 'original' | 'shared'>
  /** An application may pass its response to one of another copy of Express, whose prototype has other methods. */
  renew(held: HeldResponse): void
}

const names = ['write', 'end', 'writeHead', 'flushHeaders', 'setHeader', 'appendHeader', 'removeHeader'] as const

/** Where the prototype of a framework's responses keeps the methods that ours have replaced. */
const originals: unique symbol = Symbol('kvsession original methods')

interface Intercepted {
  readonly [originals]?: OriginalMethods
}

export function createInterception(handlers: Handlers): Interception {
  // Made once: a closure per request and method costs the garbage collector tens of milliseconds under load.
  const ownMethods = names.map((name) => [name, ownMethod(handlers[name])] as const)

  function interceptFramework(response: ServerResponse): OriginalMethods | undefined {
    const prototype = frameworkPrototype(response)
    if (!prototype) return undefined
    const original = methodsBelow(prototype)
    for (const name of names) define(prototype, name, sharedMethod(handlers[name], original, name))
    Object.defineProperty(prototype, 'headersSent', sharedHeadersSent(original))
    define(prototype, originals, original)
    return original
  }

  function interceptOwn(response: ServerResponse): OriginalMethods {
    const original = methodsOf(response)
    for (const [name, method] of ownMethods) response[name] = method
    Object.defineProperty(response, 'headersSent', ownHeadersSent)
    return original
  }

  return {
    begin(response) {
      const hasOwn = names.some((name) => Object.hasOwn(response, name))
      const original = hasOwn ? undefined : (originalsOf(response) ?? interceptFramework(response))
      return original ? { original, shared: true } : { original: interceptOwn(response), shared: false }
    },
    renew(held) {
      if (!held.shared || originalsOf(held.response)) return
      held.shared = false
      held.original = interceptOwn(held.response)
    }
  }
}

function originalsOf(response: ServerResponse & Intercepted): OriginalMethods | undefined {
  return response[originals]
}

function methodsOf(response: ServerResponse): OriginalMethods {
  const { write, end, writeHead, flushHeaders, setHeader, appendHeader, removeHeader } = response
  return { write, end, writeHead, flushHeaders, setHeader, appendHeader, removeHeader }
}

/**
 * The methods that ours are going to hide: those of the prototype itself, and those that it inherits, looked up for each
 * call, because instrumentation may replace Node's at any time.
 */
function methodsBelow(prototype: object): OriginalMethods {
  const own = [...names, 'headersSent'].flatMap((name) => {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, name)
    return descriptor ? [[name, descriptor] as const] : []
  })
  return Object.create(Object.getPrototypeOf(prototype), Object.fromEntries(own))
}

function define(target: object, name: string | symbol, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, configurable: true })
}

function ownMethod(handle: Handler) {
  return function (this: ServerResponse, ...args: unknown[]): unknown {
    return handle(heldResponseOf(this), args)
  }
}

/** Responses without a session, and those with methods of their own, pass through. */
function sharedMethod(handle: Handler, original: OriginalMethods, name: InterceptedMethod) {
  return function (this: ServerResponse, ...args: unknown[]): unknown {
    const held = findHeldResponse(this)
    return held?.shared ? handle(held, args) : Reflect.apply(original[name], this, args)
  }
}

/** Whether the response looks started to its handler: Node's answer, unless the response is held. */
const ownHeadersSent: PropertyDescriptor = {
  configurable: true,
  get(this: ServerResponse): boolean {
    return heldResponseOf(this).phase === 'held' || Reflect.get(Object.getPrototypeOf(this), 'headersSent', this)
  }
}

function sharedHeadersSent(original: object): PropertyDescriptor {
  return {
    configurable: true,
    get(this: ServerResponse): boolean {
      const held = findHeldResponse(this)
      return (held?.shared && held.phase === 'held') || Reflect.get(original, 'headersSent', this)
    }
  }
}
