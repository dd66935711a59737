import { type Hints, invalid, refuseUnknown } from '../option-check.ts'

const ofManager = (option: string): string => `; use ${option} of the session manager`

/** What other stores call it. */
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
 * Refuses options that a store does not have, so that none is ignored in silence: for the authors of stores.
 *
 * @param names every option of the store; the type sees to it that none is missing.
 * @throws SessionError `OPTION_UNKNOWN`, with what takes its place or was probably meant; `OPTION_INVALID` for what is no
 * object.
 */
export function checkStoreOptions<Options extends object>(
  options: Options,
  names: Readonly<Record<keyof Options & string, true>>
): void {
  if (typeof options !== 'object' || options === null) throw invalid('The options of a store', 'must be an object')
  refuseUnknown(names, options, '', hints)
}
