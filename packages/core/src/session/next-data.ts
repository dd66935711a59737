import type { ManagerContext } from '../context.ts'
import { merge } from '../record/merge.ts'
import type { NextMetadata } from '../record/metadata-change.ts'
import { deserializeData, pickFields, serializeData } from '../record/payload.ts'
import type { Change } from './commit.ts'
import type { SessionState } from './session-state.ts'

export interface Payload {
  /** The payload to store; `undefined`: the data is not looked at. */
  readonly plain: string | undefined
  /** The payload that is stored now; `undefined`: it cannot be read. */
  stored(): string | undefined
  readonly conflicts: readonly string[]
}

/** Our data merged with what others wrote meanwhile, then updated. `undefined`: what is stored cannot be read. */
export function payloadOf(
  context: ManagerContext,
  state: SessionState,
  { update }: Change,
  mine: string | undefined,
  stored: () => string | undefined
): Payload | undefined {
  let plain = mine
  let conflicts: readonly string[] = []
  const there = mine !== undefined || update ? stored() : ''
  if (there === undefined) return undefined
  const left = mine === undefined ? undefined : userOf(context, state.baseline)
  const leaves = left !== undefined && left !== userOf(context, mine ?? '')
  // What others wrote for the user who leaves is not the next one's: two users never share data.
  if (mine !== undefined && there !== state.stored && !leaves) {
    const theirs = deserializeData(context, there)
    if (!theirs) return undefined
    const textOf = (value: unknown): string => context.serializer.serialize(value)
    const base = deserializeData(context, state.baseline) ?? {}
    const merged = merge(base, deserializeData(context, mine) ?? {}, theirs, textOf, context.onConflict)
    plain = serializeData(context, merged.data)
    conflicts = merged.conflicts
  }
  if (update) {
    const draft = deserializeData(context, plain ?? there)
    if (!draft) return undefined
    update(draft)
    plain = serializeData(context, draft)
  }
  return { plain, stored, conflicts }
}

/** Settles in `next` whose session it is, and what of the data the owner may keep. Two users never share data. */
export function ownerOf(
  context: ManagerContext,
  next: NextMetadata,
  { plain, stored }: Payload,
  { login, anonymous }: Change,
  blind: boolean
): { readonly plain: string | undefined; readonly moved: boolean } {
  const was = next.u
  if (login) {
    const keep = was === login.userId || (was === undefined && login.keepData)
    next.u = login.userId
    if (keep === true) return { plain, moved: false }
    next.d++
    if (keep === false) return { plain: context.emptyPayload, moved: false }
    const kept = pickFields(deserializeData(context, plain ?? stored() ?? '') ?? {}, keep)
    return { plain: serializeData(context, kept), moved: false }
  }
  if (anonymous) {
    next.d++
    delete next.u
    delete next.p
    delete next.f
    return { plain: context.emptyPayload, moved: false }
  }
  if (!context.userIdFrom || plain === undefined || blind) return { plain, moved: false }
  const user = userOf(context, plain)
  if (user === userOf(context, stored() ?? '')) return { plain, moved: false }
  if (user === undefined) delete next.u
  else next.u = user
  return { plain, moved: user !== was }
}

export function userOf(context: ManagerContext, plain: string): string | undefined {
  const data = context.userIdFrom && deserializeData(context, plain)
  return data && context.userIdFrom?.(data)
}
