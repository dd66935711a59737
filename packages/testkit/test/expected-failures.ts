const everyComparison = [
  'compareAndSet: comparison is byte for byte: case',
  'compareAndSet: comparison is byte for byte: accents',
  'compareAndSet: comparison is byte for byte: composed and decomposed letters',
  'compareAndSet: comparison is byte for byte: spaces at either end',
  'compareAndSet: comparison is byte for byte: kinds of newlines',
  'compareAndSet: comparison is byte for byte: spellings of a number',
  'compareAndSet: comparison is byte for byte: spellings of JSON',
  'compareAndSet: comparison is byte for byte: invisible characters',
  'compareAndSet: comparison is byte for byte: characters beyond the basic plane',
  'compareAndSet: comparison is byte for byte: the last character, after 64 KiB and at 1 MiB'
]

const everyWinner = [
  'races: of 50 concurrent creators exactly one resolves to true, and its value stays',
  'races: of 50 concurrent replacers exactly one resolves to true, and its value stays',
  'races: of 50 concurrent creators over an expired value exactly one resolves to true, and its value stays'
]

const everyLostUpdate = [
  ...everyWinner,
  'races: 50 concurrent increments by compareAndSet lose nothing',
  'races: a compareAndSet that is overtaken by a delete never brings the value back',
  'races: a compareAndSet that is overtaken by a set never replaces what was set'
]

/** What each broken store gets wrong and nothing else, as `group: name` of the cases that must fail. */
export const expectedFailures: Readonly<Record<string, readonly string[]>> = {
  'ignores expiry on get': [
    'expiry: get: a value is absent once its deadline has come',
    'expiry: a value is live until its deadline, to the millisecond and not to the second',
    'expiry: set with a deadline that is past or now leaves a key absent that was absent before',
    'expiry: set with a deadline that is past or now leaves a key absent that was live before',
    'expiry: set replaces the deadline with an earlier one',
    'expiry: the expiry of one key leaves the others alone',
    'compareAndSet: a value takes the deadline that it is written with, when created and when replaced',
    'compareAndSet: a deadline that is past or now leaves the key absent',
    'compareAndSet: when it resolves to false the deadline has not changed either',
    'compareAndSet: an expired value never matches its old text, and nothing is written'
  ],
  'ignores expiry in compareAndSet': [
    'compareAndSet: an expired value never matches its old text, and nothing is written',
    'compareAndSet: an expired value always matches undefined',
    'races: of 50 concurrent creators over an expired value exactly one resolves to true, and its value stays',
    'races: a value written while deleteExpired runs is never removed: compareAndSet'
  ],
  'lets an expired value match its old text': [
    'compareAndSet: an expired value never matches its old text, and nothing is written'
  ],
  'upserts in compareAndSet when the key is gone': [
    'compareAndSet: no text matches an absent key, and nothing is written',
    'races: a compareAndSet that is overtaken by a delete never brings the value back'
  ],
  'compares without case': [
    'compareAndSet: comparison is byte for byte: case',
    'compareAndSet: comparison is byte for byte: composed and decomposed letters'
  ],
  'compares without spaces at the end': ['compareAndSet: comparison is byte for byte: spaces at either end'],
  'compares normalised': ['compareAndSet: comparison is byte for byte: composed and decomposed letters'],
  'compares numbers as numbers': ['compareAndSet: comparison is byte for byte: spellings of a number'],
  'compares only the first 64 KiB': [
    'compareAndSet: comparison is byte for byte: the last character, after 64 KiB and at 1 MiB'
  ],
  'takes an empty value for absence': [
    'getMany: gives of each key what get gives, whatever the value looks like',
    'get, set, delete: set writes whether or not the key is live',
    'text: a value comes back exactly as written by set: the empty text',
    'text: a value comes back exactly as written by compareAndSet: the empty text',
    'compareAndSet: undefined does not match a live value, whatever it looks like, and nothing changes',
    'compareAndSet: no text matches an absent key, and nothing is written',
    'compareAndSet: comparison is byte for byte: spaces at either end',
    'compareAndSet: comparison is byte for byte: spellings of a number',
    'compareAndSet: comparison is byte for byte: spellings of JSON',
    'compareAndSet: an expired value never matches its old text, and nothing is written'
  ],
  'checks, waits, then writes': everyLostUpdate,
  'finds, then upserts, in a READ COMMITTED transaction on a pool of connections': everyLostUpdate,
  'locks the key in compareAndSet and delete, but not in set': [
    'races: a compareAndSet that is overtaken by a set never replaces what was set'
  ],
  'resolves compareAndSet to true always': [
    ...everyComparison,
    ...everyWinner,
    'compareAndSet: undefined does not match a live value, whatever it looks like, and nothing changes',
    'compareAndSet: another text does not match, and nothing changes',
    'compareAndSet: no text matches an absent key, and nothing is written',
    'compareAndSet: an earlier value of the key no longer matches',
    'compareAndSet: when it resolves to false the deadline has not changed either',
    'compareAndSet: an expired value never matches its old text, and nothing is written',
    'races: 50 concurrent increments by compareAndSet lose nothing'
  ],
  'writes in compareAndSet although it resolves to false': [
    ...everyComparison,
    ...everyWinner,
    'compareAndSet: undefined does not match a live value, whatever it looks like, and nothing changes',
    'compareAndSet: another text does not match, and nothing changes',
    'compareAndSet: an earlier value of the key no longer matches',
    'compareAndSet: when it resolves to false the deadline has not changed either',
    'compareAndSet: an expired value never matches its old text, and nothing is written',
    'races: a compareAndSet that is overtaken by a set never replaces what was set'
  ],
  'moves the deadline in compareAndSet although it resolves to false': [
    'compareAndSet: when it resolves to false the deadline has not changed either',
    'compareAndSet: an expired value never matches its old text, and nothing is written'
  ],
  'reports an equal text as not written': [
    'compareAndSet: writing the text that is already there is a write: it resolves to true and moves the deadline'
  ],
  'keeps the deadline when it replaces a value by compareAndSet': [
    'compareAndSet: writing the text that is already there is a write: it resolves to true and moves the deadline',
    'compareAndSet: a value takes the deadline that it is written with, when created and when replaced',
    'compareAndSet: a deadline that is past or now leaves the key absent'
  ],
  'keeps the deadline when it replaces a value by set': [
    'getMany: leaves out what has expired, collected or not',
    'expiry: set with a deadline that is past or now leaves a key absent that was live before',
    'expiry: set replaces the deadline with a later one',
    'expiry: set replaces the deadline with an earlier one',
    'keys: leaves out what has expired, collected or not'
  ],
  'refuses to create by compareAndSet': [
    'text: a value comes back exactly as written by compareAndSet: the empty text',
    'text: a value comes back exactly as written by compareAndSet: plain text',
    'text: a value comes back exactly as written by compareAndSet: text like a number',
    'text: a value comes back exactly as written by compareAndSet: text like JSON',
    'text: a value comes back exactly as written by compareAndSet: spaces at either end',
    'text: a value comes back exactly as written by compareAndSet: newlines of every kind',
    'text: a value comes back exactly as written by compareAndSet: composed and decomposed letters',
    'text: a value comes back exactly as written by compareAndSet: all planes of Unicode',
    'text: a value comes back exactly as written by compareAndSet: control characters',
    'text: a value comes back exactly as written by compareAndSet: text with a meaning elsewhere',
    'text: a value comes back exactly as written by compareAndSet: 64 KiB',
    'text: a value comes back exactly as written by compareAndSet: 1 MiB',
    'text: a value comes back exactly as written by compareAndSet: 1 MiB of four-byte characters',
    'compareAndSet: undefined matches a key that was never written: it writes and resolves to true',
    'compareAndSet: undefined matches a deleted key',
    'compareAndSet: a value takes the deadline that it is written with, when created and when replaced',
    'compareAndSet: an expired value always matches undefined',
    'races: of 50 concurrent creators exactly one resolves to true, and its value stays',
    'races: of 50 concurrent creators over an expired value exactly one resolves to true, and its value stays',
    'races: 50 concurrent increments by compareAndSet lose nothing',
    'races: a value written while deleteExpired runs is never removed: compareAndSet'
  ],
  'takes an empty expected text for undefined': [
    'compareAndSet: no text matches an absent key, and nothing is written',
    'compareAndSet: a text matches itself: the empty text',
    'compareAndSet: an expired value never matches its old text, and nothing is written'
  ],
  'hands a value out only once': [
    'getMany: gives of each key what get gives, whatever the value looks like',
    ...everyWinner,
    'get, set, delete: get returns the value that was set, however often it is read',
    'get, set, delete: a key can be written again after delete, and stays written',
    'get, set, delete: keys that differ only in case are different keys',
    'get, set, delete: keys that contain one another are different keys',
    'get, set, delete: keys have 1 to 200 characters, and each of them counts',
    'get, set, delete: a key is only a key, whatever it means to the engine, the language or the file system',
    'get, set, delete: methods may be called concurrently, in any number',
    'expiry: a value is live until its deadline, to the millisecond and not to the second',
    'expiry: a deadline may lie far ahead: more milliseconds ahead than a timer can count',
    'expiry: a deadline may lie far ahead: beyond 2038, more seconds than 31 bits',
    'expiry: a deadline may lie far ahead: beyond 2106, more seconds than 32 bits',
    'expiry: a deadline may lie far ahead: in the year 9999',
    'expiry: a key can be written again after its value expired',
    'compareAndSet: undefined matches a key that was never written: it writes and resolves to true',
    'compareAndSet: the exact live value matches: it writes and resolves to true',
    'compareAndSet: another text does not match, and nothing changes',
    'compareAndSet: an expired value always matches undefined',
    'races: 50 concurrent increments by compareAndSet lose nothing',
    'races: a value written while deleteExpired runs is never removed: set',
    'races: a value written while deleteExpired runs is never removed: compareAndSet',
    'keys: an iteration may be left early, and several may run at once'
  ],
  'keeps an expired row instead of what is set over it': [
    'getMany: leaves out what has expired, collected or not',
    'expiry: a key can be written again after its value expired',
    'compareAndSet: a deadline that is past or now leaves the key absent',
    'races: a value written while deleteExpired runs is never removed: set',
    'keys: leaves out what has expired, collected or not',
    'deleteExpired: leaves every live value alone, a renewed one included'
  ],
  'unescapes backslashes': [
    ...asText('text with a meaning elsewhere'),
    'compareAndSet: comparison is byte for byte: spellings of JSON'
  ],
  'keeps Latin letters only': [...asText('plain text')],
  'trims text': [
    'getMany: gives 17 values of 1 MiB, however many answers that takes',
    ...asText('text like JSON'),
    ...asText('spaces at either end'),
    ...asText('newlines of every kind'),
    ...asText('64 KiB'),
    ...asText('1 MiB'),
    'compareAndSet: undefined does not match a live value, whatever it looks like, and nothing changes',
    'compareAndSet: comparison is byte for byte: spaces at either end',
    'compareAndSet: comparison is byte for byte: kinds of newlines',
    'compareAndSet: comparison is byte for byte: invisible characters'
  ],
  'normalises text': [
    ...asText('composed and decomposed letters'),
    'compareAndSet: comparison is byte for byte: composed and decomposed letters'
  ],
  'turns newlines into \\n': [
    ...asText('newlines of every kind'),
    ...asText('control characters'),
    'compareAndSet: comparison is byte for byte: kinds of newlines'
  ],
  'cuts values at 64 KiB': [
    'getMany: gives 17 values of 1 MiB, however many answers that takes',
    ...asText('64 KiB'),
    ...asText('1 MiB'),
    ...asText('1 MiB of four-byte characters'),
    'compareAndSet: comparison is byte for byte: the last character, after 64 KiB and at 1 MiB',
    'races: a reader never sees a half-written value, and one of the concurrent writers wins whole'
  ],
  'replaces characters beyond the basic plane': [
    ...asText('all planes of Unicode'),
    ...asText('1 MiB of four-byte characters'),
    'compareAndSet: comparison is byte for byte: characters beyond the basic plane'
  ],
  'parses what looks like JSON': [
    ...asText('text like a number'),
    ...asText('text like JSON'),
    'compareAndSet: comparison is byte for byte: spellings of a number',
    'compareAndSet: comparison is byte for byte: spellings of JSON'
  ],
  'returns null for absence': [
    'get, set, delete: get resolves to undefined for a key that was never written',
    'get, set, delete: delete makes the key absent',
    'get, set, delete: deleting an absent key is not an error',
    'get, set, delete: once delete resolved, no earlier write comes back',
    'get, set, delete: keys that differ only in case are different keys',
    'get, set, delete: keys that contain one another are different keys',
    'get, set, delete: keys have 1 to 200 characters, and each of them counts',
    'get, set, delete: a key is only a key, whatever it means to the engine, the language or the file system',
    'get, set, delete: methods may be called concurrently, in any number',
    'expiry: get: a value is absent once its deadline has come',
    'expiry: a value is live until its deadline, to the millisecond and not to the second',
    'expiry: set with a deadline that is past or now leaves a key absent that was absent before',
    'expiry: set with a deadline that is past or now leaves a key absent that was live before',
    'expiry: set replaces the deadline with an earlier one',
    'expiry: delete of an expired key is not an error',
    'expiry: the expiry of one key leaves the others alone',
    'compareAndSet: no text matches an absent key, and nothing is written',
    'compareAndSet: a value takes the deadline that it is written with, when created and when replaced',
    'compareAndSet: a deadline that is past or now leaves the key absent',
    'compareAndSet: when it resolves to false the deadline has not changed either',
    'compareAndSet: an expired value never matches its old text, and nothing is written',
    'races: 50 concurrent increments by compareAndSet lose nothing',
    'races: a compareAndSet that is overtaken by a delete never brings the value back',
    'races: deleted in the middle of a storm of compareAndSet loops, the key stays absent',
    'races: concurrent deletes of one key all resolve',
    'keys: other calls are answered while an iteration is open',
    'deleteExpired: deletes what has expired and resolves to the number of values it removed'
  ],
  'folds the case of keys': [
    'getMany: a key is only a key, and each counts with its case',
    'get, set, delete: keys that differ only in case are different keys',
    'get, set, delete: keys have 1 to 200 characters, and each of them counts',
    'compareAndSet: it touches no other key',
    'keys: the empty prefix stands for every key',
    'keys: the prefix is compared with its case'
  ],
  'cuts keys at 191 characters': [
    'get, set, delete: keys have 1 to 200 characters, and each of them counts',
    'keys: the empty prefix stands for every key',
    'keys: a prefix may be as long as a key, and a key is a prefix of itself'
  ],
  'rounds deadlines down to seconds': [
    'expiry: a value is live until its deadline, to the millisecond and not to the second'
  ],
  'rounds deadlines up to seconds': [
    'getMany: leaves out what has expired, collected or not',
    'expiry: get: a value is absent once its deadline has come',
    'expiry: a value is live until its deadline, to the millisecond and not to the second',
    'expiry: set with a deadline that is past or now leaves a key absent that was absent before',
    'expiry: set with a deadline that is past or now leaves a key absent that was live before',
    'expiry: set replaces the deadline with an earlier one',
    'expiry: the expiry of one key leaves the others alone',
    'compareAndSet: a value takes the deadline that it is written with, when created and when replaced',
    'compareAndSet: a deadline that is past or now leaves the key absent',
    'compareAndSet: when it resolves to false the deadline has not changed either',
    'compareAndSet: an expired value never matches its old text, and nothing is written',
    'compareAndSet: an expired value always matches undefined',
    'races: of 50 concurrent creators over an expired value exactly one resolves to true, and its value stays',
    'races: a value written while deleteExpired runs is never removed: compareAndSet',
    'keys: leaves out what has expired, collected or not',
    'deleteExpired: deletes what has expired and resolves to the number of values it removed',
    'deleteExpired: leaves every live value alone, a renewed one included',
    'deleteExpired: one call removes them all, however many batches that takes: 1,200',
    'deleteExpired: concurrent calls count no value twice'
  ],
  'lives for at least one second': [
    'getMany: leaves out what has expired, collected or not',
    'expiry: a value is live until its deadline, to the millisecond and not to the second',
    'expiry: set with a deadline that is past or now leaves a key absent that was absent before',
    'expiry: set with a deadline that is past or now leaves a key absent that was live before',
    'compareAndSet: a deadline that is past or now leaves the key absent',
    'keys: leaves out what has expired, collected or not'
  ],
  'keeps deadlines in 32 bits of seconds': [
    'expiry: a deadline may lie far ahead: beyond 2106, more seconds than 32 bits'
  ],
  'lets a timer per key delete it': [
    'expiry: a deadline may lie far ahead: more milliseconds ahead than a timer can count',
    'expiry: a deadline may lie far ahead: beyond 2038, more seconds than 31 bits',
    'expiry: a deadline may lie far ahead: beyond 2106, more seconds than 32 bits',
    'expiry: a deadline may lie far ahead: in the year 9999'
  ],
  'moves the deadline on every read': [
    'expiry: get: a value is absent once its deadline has come',
    'expiry: a value is live until its deadline, to the millisecond and not to the second',
    'compareAndSet: a value takes the deadline that it is written with, when created and when replaced'
  ],
  'ignores a write whose deadline is past': [
    'getMany: leaves out what has expired, collected or not',
    'expiry: set with a deadline that is past or now leaves a key absent that was live before',
    'keys: leaves out what has expired, collected or not'
  ],
  'does not overwrite': [
    'getMany: leaves out what has expired, collected or not',
    'getMany: sees every write that resolved before the call began',
    'get, set, delete: set writes whether or not the key is live',
    'get, set, delete: get sees every write that resolved before the call began',
    'get, set, delete: methods may be called concurrently, in any number',
    'expiry: set with a deadline that is past or now leaves a key absent that was live before',
    'expiry: set replaces the deadline with a later one',
    'expiry: set replaces the deadline with an earlier one',
    'races: a compareAndSet that is overtaken by a set never replaces what was set',
    'keys: leaves out what has expired, collected or not'
  ],
  'deletes after it resolved': [
    'getMany: resolves to the live values in the order of the keys, undefined for each that is absent',
    'getMany: sees every write that resolved before the call began',
    'get, set, delete: delete makes the key absent',
    'get, set, delete: deleting an absent key is not an error',
    'get, set, delete: once delete resolved, no earlier write comes back',
    'get, set, delete: a key can be written again after delete, and stays written',
    'get, set, delete: keys that differ only in case are different keys',
    'get, set, delete: keys that contain one another are different keys',
    'get, set, delete: keys have 1 to 200 characters, and each of them counts',
    'get, set, delete: a key is only a key, whatever it means to the engine, the language or the file system',
    'get, set, delete: methods may be called concurrently, in any number',
    'compareAndSet: undefined matches a deleted key',
    'compareAndSet: no text matches an absent key, and nothing is written',
    'races: a compareAndSet that is overtaken by a delete never brings the value back',
    'races: concurrent deletes of one key all resolve',
    'keys: leaves out what was deleted',
    'keys: other calls are answered while an iteration is open'
  ],
  'writes behind, so that a flush brings the deleted back': [
    'get, set, delete: once delete resolved, no earlier write comes back',
    'compareAndSet: the exact live value matches: it writes and resolves to true',
    'compareAndSet: an expired value always matches undefined',
    'races: of 50 concurrent replacers exactly one resolves to true, and its value stays',
    'races: of 50 concurrent creators over an expired value exactly one resolves to true, and its value stays',
    'races: a value written while deleteExpired runs is never removed: compareAndSet'
  ],
  'deletes every key that starts like the deleted one': [
    'get, set, delete: keys that contain one another are different keys',
    'get, set, delete: keys have 1 to 200 characters, and each of them counts',
    'get, set, delete: a key is only a key, whatever it means to the engine, the language or the file system',
    'get, set, delete: methods may be called concurrently, in any number',
    'keys: yields 2,600 keys each once, all that live throughout, while others are written, replaced and deleted'
  ],
  'writes a value in two steps': [
    'races: a reader never sees a half-written value, and one of the concurrent writers wins whole'
  ],
  'throws when it deletes an absent key': [
    'getMany: sees every write that resolved before the call began',
    'get, set, delete: deleting an absent key is not an error',
    'races: concurrent deletes of one key all resolve'
  ],
  'gives many values in the order of the engine': [
    'getMany: resolves to the live values in the order of the keys, undefined for each that is absent',
    'getMany: takes from 1 to 100 keys',
    'getMany: gives of each key what get gives, whatever the value looks like',
    'getMany: a key is only a key, and each counts with its case',
    'getMany: may be called concurrently, in any number',
    'getMany: gives 17 values of 1 MiB, however many answers that takes'
  ],
  'leaves absent keys out of many': [
    'getMany: resolves to the live values in the order of the keys, undefined for each that is absent',
    'getMany: takes from 1 to 100 keys',
    'getMany: a key is only a key, and each counts with its case',
    'getMany: leaves out what has expired, collected or not',
    'getMany: sees every write that resolved before the call began'
  ],
  'gives null for the absent of many': [
    'getMany: resolves to the live values in the order of the keys, undefined for each that is absent',
    'getMany: takes from 1 to 100 keys',
    'getMany: a key is only a key, and each counts with its case',
    'getMany: leaves out what has expired, collected or not',
    'getMany: sees every write that resolved before the call began'
  ],
  'ignores expiry in many': ['getMany: leaves out what has expired, collected or not'],
  'takes an empty value for absence in many': [
    'getMany: gives of each key what get gives, whatever the value looks like'
  ],
  'collects many values in an object by key': ['getMany: a key is only a key, and each counts with its case'],
  'gives the first 25 of many': [
    'getMany: takes from 1 to 100 keys',
    'getMany: gives of each key what get gives, whatever the value looks like',
    'getMany: may be called concurrently, in any number'
  ],
  'gives of many what fits one answer of 16 MiB': [
    'getMany: gives of each key what get gives, whatever the value looks like',
    'getMany: gives 17 values of 1 MiB, however many answers that takes'
  ],
  'answers many from a cache': [
    'getMany: a key is only a key, and each counts with its case',
    'getMany: sees every write that resolved before the call began'
  ],
  'reads one list of keys at a time': ['getMany: may be called concurrently, in any number'],
  'takes _ in a prefix for any character': ['keys: the prefix is literal text: _ is no wildcard'],
  'takes . in a prefix for any character': [
    'keys: yields the live keys that start with the prefix, each once, and no others',
    'keys: the prefix is literal text: . is no wildcard'
  ],
  'takes - in a prefix for any character': ['keys: the prefix is literal text: - is no range'],
  'throws when it finds no key to list': ['keys: yields nothing when nothing matches'],
  'stays busy when an iteration is left early': ['keys: an iteration may be left early, and several may run at once'],
  'lists every key that contains the prefix': [
    'keys: yields the live keys that start with the prefix, each once, and no others'
  ],
  'lists without case': [
    'keys: yields the live keys that start with the prefix, each once, and no others',
    'keys: the prefix is compared with its case'
  ],
  'lists expired keys': ['keys: leaves out what has expired, collected or not'],
  'lists the first 1,000 keys': [
    'keys: yields 2,600 keys each once, all that live throughout, while others are written, replaced and deleted'
  ],
  'pages through keys by offset': [
    'keys: yields 2,600 keys each once, all that live throughout, while others are written, replaced and deleted'
  ],
  'lists nothing for the empty prefix': [
    'keys: the empty prefix stands for every key',
    'keys: leaves out what has expired, collected or not'
  ],
  'removes live values in deleteExpired': [
    'races: a value written while deleteExpired runs is never removed: set',
    'races: a value written while deleteExpired runs is never removed: compareAndSet',
    'deleteExpired: resolves to 0 when nothing has expired',
    'deleteExpired: leaves every live value alone, a renewed one included',
    'deleteExpired: readers and writers go on while it runs'
  ],
  'collects expired keys first and deletes them later by key alone': [
    'races: a value written while deleteExpired runs is never removed: set',
    'races: a value written while deleteExpired runs is never removed: compareAndSet'
  ],
  'deletes one batch of expired values only': [
    'deleteExpired: one call removes them all, however many batches that takes: 1,200'
  ],
  'counts what has expired before it deletes it': ['deleteExpired: concurrent calls count no value twice'],
  'counts what has expired and deletes nothing': [
    'deleteExpired: a second call finds nothing left',
    'deleteExpired: one call removes them all, however many batches that takes: 1,200',
    'deleteExpired: concurrent calls count no value twice'
  ],
  'does not count what it deletes': [
    'deleteExpired: deletes what has expired and resolves to the number of values it removed',
    'deleteExpired: leaves every live value alone, a renewed one included',
    'deleteExpired: one call removes them all, however many batches that takes: 1,200',
    'deleteExpired: concurrent calls count no value twice'
  ],
  'throws when it is closed twice': [
    'close: resolves, used or unused',
    'close: closing twice is not an error',
    'close: closing twice at once is not an error'
  ]
}

function asText(kind: string): string[] {
  return [
    `text: a value comes back exactly as written by set: ${kind}`,
    `text: a value comes back exactly as written by compareAndSet: ${kind}`,
    `compareAndSet: a text matches itself: ${kind}`
  ]
}
