import { type Hints, invalid, refuseUnknown } from '../option-check.ts'

const ofManager = (option: string): string => `; use ${option} of the session manager`

/** Option names of other stores, and what replaces them here. */
const hints: Hints = {
  prefix: ofManager('namespace'),
  keyPrefix: ofManager('namespace'),
  namespace: ofManager('namespace'),
  ttl: ofManager('idleTimeout'),
  expiration: ofManager('idleTimeout'),
  disableTouch: ofManager('touchInterval'),
  serializer: ofManager('serializer'),
  pruneSessionInterval: ofManager('startSweeper()'),
  checkPeriod: ofManager('startSweeper()'),
  client: ': it is the first argument',
  pool: ': it is the first argument',
  tableName: '; use table',
  schemaName: '; use schema',
  createTableIfMissing: '; use createTable'
}

/**
 * For authors of stores: refuses options that a store does not have, so that none is silently ignored.
 *
 * @param names every option of the store; the type requires all of them.
 * @throws SessionError `OPTION_UNKNOWN`, naming the replacement or the option that was probably meant; `OPTION_INVALID` if
 * `options` is not an object.
 */
export function checkStoreOptions<Options extends object>(
  options: Options,
  names: Readonly<Record<keyof Options & string, true>>
): void {
  if (typeof options !== 'object' || options === null) throw invalid('The options of a store', 'must be an object')
  refuseUnknown(names, options, '', hints)
}
