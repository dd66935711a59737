import type { SessionErrorCode } from './errors.ts'

/** Why a request's cookie opened no session. */
export type RejectionReason =
  /** Not a token of a known version and length: refused before any cryptography. */
  | 'malformed'
  /** Written for another version of the token format. */
  | 'version'
  /** Signed by none of the listed secrets, or for another purpose, namespace or cookie name. */
  | 'signature'
  /** Its start is in the future, or longer ago than any session lives. Refused without a store read. */
  | 'lifetime'
  /** Genuine, but nothing live is stored under its id. */
  | 'unknown'
  /** The stored value cannot be read: damaged, foreign, larger than `maxRecordBytes`, or not decryptable. */
  | 'corrupt'
  /** The stored value was written by a newer version of the library. */
  | 'future-version'
  /** The data no longer fits `schema`. */
  | 'schema'
  /** More duplicates of the cookie than are checked. */
  | 'too-many-cookies'
  /** Two different duplicates of the cookie are both live; the first one won. */
  | 'ambiguous'

/** Why a write was given up. Nothing was stored and no cookie is sent. */
export type DropReason =
  /** The session was destroyed, revoked or evicted, or it expired, while the request ran. */
  | 'gone'
  /** Another request swapped the secret and emptied the data or changed the user. */
  | 'superseded'
  /** The request runs on a detached session, which stores nothing. */
  | 'detached'
  /** `data` was changed after the last commit of the request, and not stored since. */
  | 'late'

/**
 * The events that the manager reports through `onEvent`. They contain public ids, but never secrets, tokens or data.
 */
export type SessionEvent =
  | { readonly type: 'created'; readonly id: string; readonly tokenId: string }
  | { readonly type: 'loaded'; readonly id: string; readonly userId: string | undefined }
  | { readonly type: 'rejected'; readonly reason: RejectionReason; readonly id?: string }
  /** The data did not fit `schema`, in `path` first, and was reset, or repaired by `onSchemaMismatch`. */
  | { readonly type: 'dataReset'; readonly id: string; readonly userId: string | undefined; readonly path: string }
  | { readonly type: 'touched'; readonly id: string }
  /** `by`: the actor of an `update` of the manager; `undefined`: a request has saved. */
  | { readonly type: 'saved'; readonly id: string; readonly bytes: number; readonly by?: string }
  /** Keys of the data that this request and another one both changed, control characters escaped; `onConflict` decided. */
  | { readonly type: 'conflict'; readonly id: string; readonly keys: readonly string[] }
  | ({ readonly type: 'loggedIn'; readonly userId: string } & NewToken)
  | ({ readonly type: 'regenerated' | 'rotated'; readonly userId: string | undefined } & NewToken)
  | {
      readonly type: 'destroyed'
      readonly id: string
      /** The user of the session; `undefined` also if the request destroyed a record that it had not read. */
      readonly userId: string | undefined
      /** `request`; else the option `by` of the call or of the manager. Default: `revoke` or `revokeAll`. */
      readonly by: string
    }
  | { readonly type: 'expired'; readonly id: string; readonly limit: 'idle' | 'absolute' }
  /** A genuine token with a stale secret: `withinGrace` is ordinary, after the grace window it suggests theft. */
  | {
      readonly type: 'superseded'
      readonly id: string
      readonly userId: string | undefined
      readonly withinGrace: boolean
    }
  | { readonly type: 'dropped'; readonly id: string; readonly reason: DropReason }
  /** `by`: the session whose login exceeded `maxSessionsPerUser`. */
  | { readonly type: 'evicted'; readonly id: string; readonly userId: string; readonly by: string }
  | { readonly type: 'swept'; readonly deleted: number }
  | {
      readonly type: 'storeError'
      readonly operation: string
      readonly code: SessionErrorCode
      readonly cause: unknown
    }
  /**
   * A commit failed: an outage (`storeError` came before), data that cannot be stored, or an operation whose promise was
   * dropped. The request fails too, unless the application has handled the failure of an operation already.
   * `code` is `undefined` for an error of the application.
   */
  | { readonly type: 'commitFailed'; readonly id: string | undefined; readonly code: SessionErrorCode | undefined }
  /** A browser will refuse the cookie, for the named reason; `hint` says what to set. */
  | { readonly type: 'cookieSkipped'; readonly reason: 'insecure-transport' | 'headers-sent'; readonly hint: string }
  /** The handler's own `Cache-Control` would have let shared caches keep a response with our cookie. */
  | { readonly type: 'cacheControlTightened'; readonly was: string }

/** A new secret, by its public names. */
export interface NewToken {
  readonly id: string
  readonly tokenId: string
  /** The previous `tokenId`; `undefined`: the session is new, or the same request has replaced its token before. */
  readonly previousTokenId: string | undefined
}

/**
 * Called synchronously, and not awaited. Its errors and rejections are ignored, except for one process warning.
 */
export type SessionEventHandler = (event: SessionEvent) => unknown

/** Reports that a cookie, or the session `id`, was not accepted. */
export function reject(
  { emit }: { readonly emit: SessionEventHandler | undefined },
  reason: RejectionReason,
  id?: string
): void {
  emit?.(id === undefined ? { type: 'rejected', reason } : { type: 'rejected', reason, id })
}
