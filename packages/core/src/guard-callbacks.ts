import { guard } from './callback.ts'
import { type Clock, systemClock } from './clock.ts'
import type { ManagerContext } from './context.ts'
import { invalid } from './option-check.ts'
import type { PayloadEncryption } from './record/encryption.ts'
import { jsonSerializer, type Serializer } from './record/serializer.ts'
import type { SessionManagerOptions } from './session-manager-options.ts'
import { bound } from './store/deadline.ts'
import { checkUserId } from './users/administration.ts'

/** The callbacks of the application that run in the middle of an operation. */
type Callbacks = Pick<
  ManagerContext,
  'clock' | 'serializer' | 'encryption' | 'onSchemaMismatch' | 'onConflict' | 'userIdFrom'
>

/** The callbacks of the options, each of which fails with a typed error and is held to what it must give. */
export function guardCallbacks<Data extends object>(options: SessionManagerOptions<Data>): Callbacks {
  const { clock, serializer, encryption, onSchemaMismatch, onConflict, userIdFrom } = options
  return {
    clock: clock ? guardClock(clock) : systemClock,
    serializer: serializer ? guardSerializer(serializer) : jsonSerializer,
    encryption: encryption && guardEncryption(encryption),
    onSchemaMismatch:
      typeof onSchemaMismatch === 'function' ? guard('onSchemaMismatch', onSchemaMismatch, asIs) : onSchemaMismatch,
    onConflict: onConflict && guard('onConflict', onConflict, asIs),
    // The data a session holds is what the application's type says, or what its schema checked.
    userIdFrom:
      userIdFrom &&
      guard(
        'userIdFrom',
        (data) => userIdFrom(data as Data),
        (userId) => (userId === undefined ? undefined : checkUserId(userId))
      )
  }
}

function guardClock(clock: Clock): Required<Clock> {
  return {
    now: guard(
      'clock.now',
      () => clock.now(),
      (now) => {
        // A record holds whole milliseconds.
        if (Number.isFinite(now)) return Math.floor(Number(now))
        throw invalid('clock.now', 'must return epoch milliseconds')
      }
    ),
    sleep: (milliseconds) =>
      // It only spaces out retries: however it fails, the next one follows.
      bound((async () => (clock.sleep ? clock.sleep(milliseconds) : systemClock.sleep(milliseconds)))(), {
        milliseconds: 1_000,
        late: ignore,
        accept: ignore
      }).catch(ignore)
  }
}

function guardSerializer(serializer: Serializer): Serializer {
  return {
    // Its strings are checked where they are stored.
    serialize: guard(
      'serializer.serialize',
      (data) => serializer.serialize(data),
      (value) => value as string
    ),
    deserialize: guard('serializer.deserialize', (value: string) => serializer.deserialize(value), asIs)
  }
}

function guardEncryption(encryption: PayloadEncryption): PayloadEncryption {
  return {
    encrypt: guard(
      'encryption.encrypt',
      (...args: Parameters<PayloadEncryption['encrypt']>) => encryption.encrypt(...args),
      asString
    ),
    decrypt: guard(
      'encryption.decrypt',
      (...args: Parameters<PayloadEncryption['decrypt']>) => encryption.decrypt(...args),
      (value) => (value === undefined ? value : asString(value))
    )
  }
}

function asString(value: unknown): string {
  if (typeof value === 'string') return value
  throw invalid('encryption', 'must return a string')
}

function asIs(value: unknown): unknown {
  return value
}

function ignore(): void {}
