import type { ManagerContext } from '../context.ts'
import { type Identity, secretHashOf } from '../session/session-state.ts'
import type { RecordMetadata } from './record.ts'

/** Metadata of the next write, while it is put together. */
export type NextMetadata = { -readonly [K in keyof RecordMetadata]: RecordMetadata[K] }

/** Why a secret is swapped. Only `rotate` leaves the old one working for a while, as an alias. */
export type Swap = 'login' | 'regenerate' | 'rotate'

/** The metadata of a record that does not exist yet. */
export function firstMetadata(context: ManagerContext, identity: Identity, now: number): NextMetadata {
  return {
    v: 1,
    w: context.newWriteId(),
    c: now,
    s: now,
    h: secretHashOf(context, identity),
    g: 0,
    d: 0
  }
}

/** Whether a request should move `last seen`: its interval has passed, or the secret after a rotation is first `seen`. */
export function touchDue(context: ManagerContext, { s, a, b }: RecordMetadata, seen: boolean, now: number): boolean {
  return now - s >= context.policy.touchInterval || (seen && a !== undefined && b === undefined)
}

/** Whether the secret is due for its periodic swap. Only who holds the current one may swap it. */
export function rotationDue(context: ManagerContext, { t, c }: RecordMetadata, now: number): boolean {
  return now - (t ?? c) >= context.policy.rotateAfter
}

/** The session was used: moves `last seen`, and starts or ends the alias's grace. */
export function markUse(context: ManagerContext, next: NextMetadata, seen: boolean, now: number): void {
  next.s = Math.max(now, next.s)
  if (next.b !== undefined && next.b <= now) {
    delete next.a
    delete next.b
  } else if (seen && next.a !== undefined) {
    next.b ??= now + context.policy.graceWindow
  }
}

/** Applies `session.permanent`; a lifetime of the session's own counts from when it was set. */
export function setPermanent(
  context: ManagerContext,
  next: Pick<NextMetadata, 'c' | 'p' | 'f'>,
  permanent: boolean | number | undefined,
  now: number
): void {
  if (permanent === undefined) return
  delete next.p
  delete next.f
  if (permanent === true) next.p = true
  if (typeof permanent !== 'number') return
  next.p = Math.min(permanent, context.policy.maxLifetime)
  if (now !== next.c) next.f = now
}

/** Swaps the secret. A login starts the session anew; the other swaps keep its absolute limit. */
export function swapSecret(context: ManagerContext, next: NextMetadata, to: Identity, swap: Swap, now: number): void {
  const before = next.h
  delete next.a
  delete next.b
  if (swap === 'rotate') next.a = before
  if (swap === 'login') restart(next, now)
  next.h = secretHashOf(context, to)
  next.g++
  next.t = now
}

/** A login starts the session anew; a lifetime of its own then counts from here. */
export function restart(next: NextMetadata, now: number): void {
  delete next.f
  next.c = now
  next.l = now
}
