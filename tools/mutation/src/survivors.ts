/** Mutants that no test can or need see, and why. Matched by file, by a part of the line and by what becomes of it. */
export interface Explained {
  readonly file: string
  /** A part of the line on which the mutant begins. */
  readonly part: string
  /** Of each mutant what it makes of the code, or the beginning of that with `…`. */
  readonly becomes: readonly string[]
  readonly why: string
}

const typed = 'The types ask for it; at this point the value is what they ask for.'
const same = 'Whatever is done instead ends the same: the next step gives the same answer.'
const undefinedAnyway = 'A function that ends without a word gives `undefined` too.'
const refused = 'A trap that ends without a word refuses as well.'
const work = 'It saves work: without it the same comes out, later.'
const erased = 'What was a secret is overwritten after its use; nobody can look there.'
const plain =
  'An answer that is no stream has nothing behind it that changes the session: the look at its end finds nothing.'
const absent = 'A field that is not there is `undefined` too.'
const stays = 'All that differs is what stays in the heap.'
const noRecord = 'No record is in such an error: there is nothing to take out of it.'
const forms = 'With `secure` true or false both forms of the cookie are the same.'
const noCookie = 'What is not live sends no cookie, whatever is said of it.'
const bounds = 'What is written past the end of an array of bytes is nowhere.'
const twice = 'What was stopped may be stopped again.'
const instant =
  'Only processes that meet in one instant need it: `test/processes.test.ts` has them, and is too slow for each mutant.'
const letGo = 'It lets go of what a driver holds; nothing else changes.'
const heap = 'Only the heap shows it: the tests in `test/limits` measure that.'

type Explain = (file: string, part: string, why: string, ...becomes: readonly [string, ...string[]]) => Explained

const explainIn =
  (folder: string): Explain =>
  (file, part, why, ...becomes) => ({ file: `packages/${folder}/src/${file}`, part, becomes, why })

const [core, express, hono, koa] = [explainIn('core'), explainIn('express'), explainIn('hono'), explainIn('koa')]
const sqlite = explainIn('store-sqlite')

export const explained: readonly Explained[] = [
  core('administration.ts', 'const plain = typeof record', typed, 'false', '""'),
  core('administration.ts', 'const data = plain === undefined', same, 'false'),
  core('administration.ts', "if (typeof record === 'string' || !data)", typed, 'false', '""'),
  core('cookie-header.ts', 'isBlank(header.charCodeAt(start))) start++', same, 'true', 'start <= end'),
  core('cookie-header.ts', 'isBlank(header.charCodeAt(end - 1))) end--', same, 'true', 'start <= end'),
  core('crypto-node.ts', '} catch {', undefinedAnyway, '{}'),
  core('crypto-node.ts', 'createCipheriv(', 'Sixteen bytes are what a GCM tag has by default.', '{}'),
  core('crypto-portable.ts', '} catch {', undefinedAnyway, '{}'),
  core('crypto-portable.ts', 'extracted.fill(0)', erased, ';'),
  core('crypto-portable.ts', 'block.fill(0)', erased, ';'),
  core('crypto-portable.ts', 'chunk.fill(0)', erased, ';'),
  core('crypto-portable.ts', 'start < length;', same, 'start <= length'),
  core('crypto-portable.ts', 'i < a.length;', same, 'i <= a.length'),
  core('crypto-portable.ts', 'start < bytes.length;', same, 'start <= bytes.length'),
  core('crypto-portable.ts', 'while (held >= 6)', same, 'held > 6'),
  core('duration.ts', "unit = ''", same, '"Stryker was here!"', '["Stryker was here"]'),
  core('encryption.ts', 'bytes.length < sealedOffset', same, 'bytes.length <= sealedOffset'),
  core('encryption.ts', '} catch {', undefinedAnyway, '{}'),
  core('memory-store.ts', 'if (maxEntries !== undefined || !live)', work, 'true'),
  core('memory-store.ts', 'if (maxEntries !== undefined) {', typed, 'true'),
  core(
    'memory-store.ts',
    '++writesSinceReset > maxEntries',
    heap,
    'true',
    'false',
    '++writesSinceReset >= maxEntries',
    '++writesSinceReset <= maxEntries',
    '--writesSinceReset'
  ),
  core('memory-store.ts', 'looked = Math.min(full, mostLookedAt)', work, 'looked >= 0', 'Math.max(full, mostLookedAt)'),
  core('memory-store.ts', 'next[1].expiresAt <= now', typed, 'true'),
  core('memory-store.ts', 'if (next !== undefined) entries.delete', typed, 'true'),
  core('memory-store.ts', 'index < snapshot.length', same, 'index <= snapshot.length'),
  core('memory-store.ts', 'key?.startsWith(prefix)', typed, 'key.startsWith'),
  core('memory-store.ts', 'left > 0 && left % chunkSize', work, 'true', 'left >= 0'),
  core('non-atomic-store.ts', 'store.keys?.(prefix)', typed, 'store.keys(prefix)'),
  core('non-atomic-store.ts', 'store.deleteExpired?.()', typed, 'store.deleteExpired()'),
  core('non-atomic-store.ts', 'store.close?.()', typed, 'store.close()'),
  core('payload.ts', '} catch {', undefinedAnyway, '{}'),
  core('payload.ts', 'if (text.length > limit) return true', work, 'false'),
  core('payload.ts', 'text.length * 3 > limit', work, 'true', 'text.length * 3 >= limit'),
  core('random.ts', 'if (length > size)', work, 'true', 'length >= size'),
  core('random.ts', 'if (used + length > size)', work, 'used + length >= size', 'true'),
  core('record-change.ts', 'next.b !== undefined', typed, 'true'),
  core('record.ts', 'if (end < 0)', same, 'end <= 0'),
  core('record.ts', "typeof value === 'number' && value >= 0", same, 'true'),
  core('request-source.ts', 'url === undefined ? undefined', same, 'false'),
  core('response-headers.ts', 'others.length < earlier.length', same, 'true', 'others.length <= earlier.length'),
  core('response-headers.ts', ".join('').trim()", same, '"Stryker was here!"'),
  core('response-headers.ts', 'if (earlier.length === 0) return added', same, 'false'),
  core('secret-hash.ts', 'namespace !== preparedFor', work, 'true'),
  core(
    'store-access.ts',
    "source.stack ?? ''",
    'Errors have stacks, on every engine that runs this.',
    '"Stryker was here!"'
  ),
  core('base64url.ts', 'seen < 64', same, 'seen <= 64'),
  core('base64url.ts', 'value < 64; value++', same, 'value <= 64'),
  core('crypto-node.ts', 'inner.length !== blockLength + length', work, 'true'),
  core('crypto-node.ts', 'i < length; i++', same, 'i <= length'),
  core('duration.ts', "typeof ms === 'number'", same, 'true'),
  core('keyring.ts', 'key.fill(0)', erased, ';'),
  core('option-check.ts', "typeof value === 'number'", same, 'true'),
  core('secret-hash.ts', 'i < one.length', same, 'i <= one.length'),
  core('secret-hash.ts', 'i < id.length', same, 'i <= id.length'),
  core('secret-hash.ts', 'message.fill(0, secretOffset)', erased, ';'),
  core('secret-hash.ts', "let preparedFor = ''", same, '"Stryker was here!"'),
  core('session-limit.ts', 'confirmed.s[login.id]?.t', typed, 'confirmed.s[login.id].t'),
  core('session-limit.ts', 'const dead: string[] = []', same, '["Stryker was here"]'),
  core('token.ts', 'i < 16; i++', same, 'i <= 16'),
  core('token.ts', 'bytes.fill(0, secretOffset, tagOffset)', erased, ';'),
  core('token.ts', 'code > 0x60', same, 'code >= 0x60'),
  core('token.ts', 'const workspace = new Uint8Array', same, 'longestToken * 4'),
  core('token.ts', 'const codes = Array.from', same, '{}', '() => undefined'),
  core('user-index.ts', 'start < ids.length', same, 'start <= ids.length'),
  core('user-index.ts', '.catch(() => false)', same, '() => undefined', 'true'),
  core('user-index.ts', 'entries[id]?.p === 1', typed, 'entries[id].p'),
  core('user-index.ts', 'return { stop: undefined }', same, '{}'),
  core('adoption.ts', 'if (permanent !== undefined && state.permanent === permanent)', same, 'true'),
  core('adoption.ts', 'if (!swap || !secret) return', typed, '!swap && !secret'),
  core('commit.ts', 'if (!base) return', typed, 'false', '""'),
  core('commit.ts', 'const changed = mine !== undefined', same, 'true'),
  core('commit.ts', 'const login = change.login ??', absent, '{}'),
  core('commit.ts', 'const known = text === base?.text', work, 'false'),
  core('commit.ts', 'const known = text === base?.text', typed, 'base.text'),
  core('commit.ts', 'const standing = known ?', same, '""'),
  core('commit.ts', 'if (blind && (change.swap', typed, 'base.metadata'),
  core('commit.ts', 'if (blind && data.plain !== undefined', typed, '"Stryker was here!"'),
  core('commit.ts', 'if (swap && secret) swapSecret', typed, 'swap || secret'),
  core('commit.ts', 'else if (next.u !== undefined) await coverByIndex', same, 'true'),
  core('commit.ts', 'const clear = plain ?? (kept', same, '"Stryker was here!"'),
  core('data-change.ts', 'const there = mine !== undefined || update', same, '"Stryker was here!"'),
  core('data-change.ts', 'const left = mine === undefined', work, 'false'),
  core('data-change.ts', 'const leaves = left !== undefined', typed, '"Stryker was here!"'),
  core('data-change.ts', 'there !== state.stored && !leaves', work, 'true'),
  core('data-change.ts', 'const kept = pickFields(', typed, '"Stryker was here!"'),
  core('data-change.ts', 'if (user === userOf(context, stored()', typed, '"Stryker was here!"'),
  core('data-change.ts', 'return data && context.userIdFrom?.(data)', typed, 'context.userIdFrom(data)'),
  core(
    'encryption.ts',
    "new TextDecoder('utf-8'",
    'What opens was sealed from a text, which is well-formed UTF-8.',
    'false'
  ),
  core('first-write.ts', "login: Pick<LoginAttempt, 'announced'>", absent, '{}'),
  core('first-write.ts', '{ text: undefined },', absent, '{}'),
  core('first-write.ts', 'if (text !== undefined || failure) return', absent, '{}'),
  core('loading.ts', "const values = request.cookieHeader === ''", work, 'false', '"Stryker was here!"'),
  core('loading.ts', 'const tokens = values.length === 0', work, 'false'),
  core('loading.ts', 'const distinct = values.length === 1', work, 'false'),
  core('loading.ts', 'i < distinct.length && i < mostVerified', same, 'i <= distinct.length'),
  core('loading.ts', 'decodeToken(distinct[i] ??', typed, '"Stryker was here!"'),
  core('loading.ts', 'return tokens.length > mostLookedUp', work, 'true', 'tokens.length >= mostLookedUp'),
  core('loading.ts', "if (secure !== 'auto') return !secure", forms, 'secure', 'false'),
  core('loading.ts', 'const search: Search =', absent, '{}'),
  core('loading.ts', 'const texts = state.tokens.length > 1', work, 'true', 'state.tokens.length >= 1'),
  core(
    'loading.ts',
    "state.phase = 'detached'",
    'Nobody asks for the phase of a session that could not be read.',
    '""'
  ),
  core('loading.ts', 'if (accepting !== undefined && (await accepting))', same, 'true'),
  core('loading.ts', 'userId: state.record?.metadata.u', typed, 'state.record.metadata'),
  core('loading.ts', 'const stored = encryption || schema', work, 'true'),
  core('loading.ts', 'const stored = encryption || schema', same, '"Stryker was here!"'),
  core('loading.ts', 'const raw = schema && stored !== undefined', work, 'true', 'schema || stored !== undefined'),
  core('record.ts', '} catch {', same, '{}'),
  core('response-cookie.ts', 'if (cacheControl === undefined ||', same, 'false'),
  core('response-cookie.ts', "const reissued = state.phase === 'live'", noCookie, 'true'),
  core('serializer.ts', '.replace(/^(.{200})', same, '/(.{200}).*(?= is )/'),
  core('serializer.ts', 'const largeExponent =', work, '/[\\d.]e\\+?\\d/i'),
  core('serializer.ts', 'return prototype === Object.prototype', work, 'false'),
  core('session-manager.ts', 'if (!state.turn) void inTurn', same, 'true'),
  core('session-manager.ts', "const wanted = state.phase === 'unloaded'", work, 'true'),
  core('session-manager.ts', 'revokeAll: (userId, { except = [] }', same, '["Stryker was here"]'),
  core('session-manager.ts', 'stops.delete(stop)', twice, ';'),
  core('session-manager.ts', 'stops.clear()', twice, ';'),
  core('session-state.ts', 'state.record && state.id !== undefined', typed, 'true'),
  core('session-state.ts', 'const data = stored === undefined', same, 'false'),
  core('session-state.ts', 'if (stored !== undefined && data)', same, 'true'),
  core('set-cookie.ts', "const text = typeof domain === 'string'", same, '"Stryker was here!"'),
  core('store-access.ts', "'',", noRecord, '"Stryker was here!"'),
  core('store-access.ts', "throw failed('keys', error, '')", noRecord, '"Stryker was here!"'),
  core('store-access.ts', "throw failed('deleteExpired', error, '')", noRecord, '"Stryker was here!"'),
  core('transitions.ts', 'if (stored && state.id !== undefined)', typed, 'true'),
  core('transitions.ts', 'state.cookie = stored || state.carried', noCookie, '""'),
  core('transitions.ts', 'replaceFields(data, draft', same, '() => undefined'),
  core('transitions.ts', 'replaceFields(facade', same, '() => undefined'),
  core('transitions.ts', 'const id = state.id ??', typed, '"Stryker was here!"'),
  core('transitions.ts', "state.cookie = 'none'", noCookie, '""'),
  core('transitions.ts', 'const login = change.login ??', typed, 'state.record.metadata'),
  core('transitions.ts', 'const login = change.login ??', same, 'false'),
  core('transitions.ts', 'const owner = state.record?.metadata.u', typed, 'state.record.metadata'),
  core('transitions.ts', 'const created = state.record?.metadata.c', typed, 'state.record.metadata'),
  core('transitions.ts', 'const permanent = state.record?.metadata.p', typed, 'state.record.metadata'),
  core('transitions.ts', 'becomeNew(context, state)', 'The id is taken, so that the first write draws another.', ';'),
  core('transitions.ts', 'if (text === undefined) return { stop: undefined }', absent, '{}'),
  core('turns.ts', 'lane.waiting++', stays, 'lane.waiting--'),
  core('turns.ts', 'const leave = (): void => {', stays, '{}'),
  core('turns.ts', 'lane.waiting--', stays, 'lane.waiting++'),
  core('turns.ts', 'if (lane.waiting === 0) lanes.delete(key)', stays, 'false', ';'),
  core('user-index-text.ts', "if (typeof value !== 'object' || value === null)", same, 'false'),
  core('user-index.ts', 'const entry = index.s[id] ?? {', same, '"Stryker was here!"'),
  core('user-index.ts', 'if (text === undefined) return { v: 1', same, '"Stryker was here!"'),
  core('user-index.ts', 'const done = ids.filter', typed, 'entries[id].n'),
  core('write-loop.ts', 'const seen = slot.known ??', typed, 'group[0].known'),
  core('write-loop.ts', 'slot.known = { text: fresh }', same, '{}'),
  core('write-loop.ts', 'slot.known = { text: undefined }', absent, '{}'),
  core('crypto-node.ts', 'inner.fill(0, blockLength)', erased, ';'),
  core('crypto-node.ts', 'block.fill(0)', erased, ';'),
  core(
    'crypto-node.ts',
    'i < digestLength && offset + i < target.length',
    bounds,
    'i < digestLength || offset + i < target.length',
    'true',
    'i <= digestLength',
    'offset + i <= target.length',
    'offset - i'
  ),
  core('loading.ts', "if (typeof accepted !== 'boolean') return accepted", work, 'true'),
  core(
    'transitions.ts',
    "if (!saved) return state.phase === 'over'",
    '`save` has settled it already: the second time changes nothing.',
    '""'
  ),
  express('error-answer.ts', "hold.answer = 'expected'", same, '""'),
  express('hold-response.ts', "hold.phase = 'ending'", same, '""'),
  express('request-session.ts', 'setPrototypeOf: () => false', refused, '() => undefined'),
  express('request-session.ts', 'preventExtensions: () => false', refused, '() => undefined'),
  express(
    'request-session.ts',
    "if (!inert && typeof permanent === 'number')",
    same,
    'true',
    "!inert || typeof permanent === 'number'"
  ),
  express('session-cookie.ts', 'restarted = true', same, 'false'),
  express('session-entry.ts', "if ('session' in request) return", work, 'false', '""'),
  express('session.ts', 'of entriesOf(request) ?? []', same, '["Stryker was here"]'),
  express('session.ts', "(originalUrl ?? url ?? '/')", same, '""'),
  hono('answer.ts', 'if (headers.length === 0) return', work, 'false'),
  koa('carry-on-errors.ts', "'headers' in error && typeof", same, 'true'),
  koa('session-place.ts', "this.#ending = 'restart'", same, '""'),
  koa('session-place.ts', "return this.#ending !== 'none'", work, 'true', '""'),
  koa('session.ts', 'if (place.unsettled) await place.settle()', work, 'true'),
  koa('session.ts', 'if (place.unsettled || manager.needsCommit', work, 'true'),
  koa('session.ts', 'if (ctx.respond !== false && !isStream', plain, 'false'),
  koa('session.ts', 'if (headers.length === 0 || ctx.headerSent)', work, 'false'),
  koa('session.ts', 'body === null) return false', plain, 'true'),
  koa('session.ts', "return 'pipe' in body ||", plain, 'true'),
  sqlite('sqlite-store.ts', "textOf(row, 'key') ?? ''", typed, '"Stryker was here!"'),
  sqlite('sqlite-store.ts', 'if (statement === undefined)', work, 'true'),
  sqlite('sqlite-store.ts', 'async close()', letGo, '{}'),
  sqlite('sqlite-store.ts', 'prepared.clear()', letGo, ';'),
  sqlite('sqlite-store.ts', 'const deadline =', instant, 'performance.now() - busyTimeout'),
  sqlite('sqlite-store.ts', 'if (!isBusy(error) ||', instant, 'true', 'performance.now() > deadline'),
  sqlite('sqlite-store.ts', 'setTimeout(resolve, 5)', instant, '() => undefined'),
  sqlite(
    'sqlite-store.ts',
    "row !== null && Number(Reflect.get(row, 'live'))",
    typed,
    'true',
    "typeof row === 'object' || row !== null"
  )
]
