import { guard } from './callback.ts'
import { systemClock } from './clock.ts'
import type { ManagerContext } from './context.ts'
import { isString, optional } from './record/field-table.ts'
import { lossyJsonSerializer } from './record/lossy-json.ts'
import { jsonSerializer, type Serializer } from './record/serializer.ts'
import type { PassportData, SessionManagerOptions } from './session-manager-options.ts'
import { bound } from './store/deadline.ts'
import { checkUserId } from './users/administration.ts'

/** The callbacks of the application that run in the middle of an operation. */
type Callbacks = Pick<
  ManagerContext,
  'clock' | 'serializer' | 'encryption' | 'onSchemaMismatch' | 'onConflict' | 'userIdFrom'
>

/** The callbacks of the options. Each fails with a typed error, and its result is checked. */
export function guardCallbacks<Data extends object>(options: SessionManagerOptions<Data>): Callbacks {
  const { clock, serializer, encryption, onSchemaMismatch, onConflict, userIdFrom } = options
  return {
    clock: clock ? guardClock(clock) : systemClock,
    // The result of a serializer is checked where it is used.
    serializer: guardSerializer(serializer === 'json-lossy' ? lossyJsonSerializer : serializer),
    encryption: encryption && {
      ...encryption,
      encrypt: guard('encryption', (...args) => encryption.encrypt(...args), isString),
      decrypt: guard('encryption', (...args) => encryption.decrypt(...args), optional(isString))
    },
    onSchemaMismatch:
      typeof onSchemaMismatch === 'function' ? guard('onSchemaMismatch', onSchemaMismatch) : onSchemaMismatch,
    onConflict: onConflict && guard('onConflict', onConflict),
    userIdFrom: userIdFrom && guardUserIdFrom(userIdFrom)
  }
}

function guardSerializer(serializer: Serializer | undefined): Serializer {
  if (!serializer) return jsonSerializer
  return {
    serialize: guard('serializer', (data) => serializer.serialize(data)),
    deserialize: guard('serializer', (serialized) => serializer.deserialize(serialized))
  }
}

function guardClock(clock: NonNullable<SessionManagerOptions['clock']>): ManagerContext['clock'] {
  const now = guard('clock', () => clock.now(), Number.isFinite)
  return {
    // A record holds whole milliseconds.
    now: () => Math.floor(now()),
    sleep(milliseconds) {
      const sleep = async (): Promise<void> =>
        clock.sleep ? clock.sleep(milliseconds) : systemClock.sleep(milliseconds)
      // It only delays retries: if it fails, the next one follows at once.
      return bound(sleep(), { milliseconds: 1_000, late: ignore, accept: ignore }).catch(ignore)
    }
  }
}

/** The data has the application's type: its schema has checked that, or the application declares it. */
function guardUserIdFrom<Data extends object>(
  userIdFrom: (data: Data & PassportData) => string | undefined
): NonNullable<ManagerContext['userIdFrom']> {
  const guarded = guard('userIdFrom', (data: object) => userIdFrom(data as Data & PassportData))
  return (data) => {
    const userId = guarded(data)
    return userId === undefined ? userId : checkUserId(userId, 'userIdFrom must return undefined or')
  }
}

function ignore(): void {}
