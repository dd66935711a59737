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
const work = 'It saves work: without it the same comes out, later.'
const erased = 'What was a secret is overwritten after its use; nobody can look there.'
const plain =
  'An answer that is no stream has nothing behind it that changes the session: the look at its end finds nothing.'
const heap = 'Only the heap shows it: the tests in `test/limits` measure that.'

type Explain = (file: string, part: string, why: string, ...becomes: readonly [string, ...string[]]) => Explained

const explainIn =
  (folder: string): Explain =>
  (file, part, why, ...becomes) => ({ file: `packages/${folder}/src/${file}`, part, becomes, why })

const [core, hono, koa] = [explainIn('core'), explainIn('hono'), explainIn('koa')]

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
  hono('answer.ts', 'if (headers.length === 0) return', work, 'false'),
  koa('carry-on-errors.ts', "'headers' in error && typeof", same, 'true'),
  koa('session-place.ts', "this.#ending = 'restart'", same, '""'),
  koa('session-place.ts', "return this.#ending !== 'none'", work, 'true', '""'),
  koa('session-place.ts', 'if (!installed.has(prototype))', work, 'true'),
  koa('session-place.ts', 'installed.add(prototype)', work, ';'),
  koa('session.ts', 'if (place.unsettled) await place.settle()', work, 'true'),
  koa('session.ts', 'if (place.unsettled || manager.needsCommit', work, 'true'),
  koa('session.ts', 'if (ctx.respond !== false && !isStream', plain, 'false'),
  koa('session.ts', 'if (headers.length === 0 || ctx.headerSent)', work, 'false'),
  koa('session.ts', 'body === null) return false', plain, 'true'),
  koa('session.ts', "return 'pipe' in body ||", plain, 'true')
]
