const everyComparison = [
  'compareAndSet: compareAndSet compares values byte by byte: case',
  'compareAndSet: compareAndSet compares values byte by byte: accents',
  'compareAndSet: compareAndSet compares values byte by byte: composed and decomposed letters',
  'compareAndSet: compareAndSet compares values byte by byte: leading and trailing whitespace',
  'compareAndSet: compareAndSet compares values byte by byte: line breaks',
  'compareAndSet: compareAndSet compares values byte by byte: notations of a number',
  'compareAndSet: compareAndSet compares values byte by byte: notations of JSON',
  'compareAndSet: compareAndSet compares values byte by byte: invisible characters',
  'compareAndSet: compareAndSet compares values byte by byte: characters outside the Basic Multilingual Plane',
  'compareAndSet: compareAndSet compares values byte by byte: the last character, after 64 KiB and at 1 MiB'
]

const everyWinner = [
  'races: exactly one of 50 concurrent creators resolves to true, and its value stays',
  'races: exactly one of 50 concurrent replacers resolves to true, and its value stays',
  'races: exactly one of 50 concurrent creators over an expired value resolves to true, and its value stays'
]

const everyLostUpdate = [
  ...everyWinner,
  'races: 50 concurrent increments by compareAndSet lose no update',
  'races: a compareAndSet that is overtaken by a delete never restores the value',
  'races: a compareAndSet that is overtaken by a set never replaces the new value'
]

/** The cases that must fail for each broken store, as `group: name`. */
export const expectedFailures: Readonly<Record<string, readonly string[]>> = {
  'ignores expiry on get': [
    'expiry: get resolves to undefined once the deadline has passed',
    'expiry: a value is live until the exact millisecond of its deadline',
    'expiry: set with a deadline that is not in the future leaves an absent key absent',
    'expiry: set with a deadline that is not in the future makes a live key absent',
    'expiry: set replaces the deadline with an earlier one',
    'expiry: the expiry of one key does not affect others',
    'compareAndSet: created and replaced values take the deadline of the call',
    'compareAndSet: a deadline that is not in the future leaves the key absent',
    'compareAndSet: the deadline does not change when compareAndSet resolves to false',
    'compareAndSet: the value of an expired key does not match, and nothing is written'
  ],
  'ignores expiry in compareAndSet': [
    'compareAndSet: the value of an expired key does not match, and nothing is written',
    'compareAndSet: an expired key matches undefined',
    'races: exactly one of 50 concurrent creators over an expired value resolves to true, and its value stays',
    'races: deleteExpired never removes a value written while it runs: compareAndSet'
  ],
  'lets an expired value match': ['compareAndSet: the value of an expired key does not match, and nothing is written'],
  'upserts in compareAndSet when the key is gone': [
    'compareAndSet: no value matches an absent key, and nothing is written',
    'races: a compareAndSet that is overtaken by a delete never restores the value'
  ],
  'ignores case in comparisons': [
    'compareAndSet: compareAndSet compares values byte by byte: case',
    'compareAndSet: compareAndSet compares values byte by byte: composed and decomposed letters'
  ],
  'ignores trailing spaces in comparisons': [
    'compareAndSet: compareAndSet compares values byte by byte: leading and trailing whitespace'
  ],
  'compares values after Unicode normalization': [
    'compareAndSet: compareAndSet compares values byte by byte: composed and decomposed letters'
  ],
  'compares numbers by value': ['compareAndSet: compareAndSet compares values byte by byte: notations of a number'],
  'compares only the first 64 KiB': [
    'compareAndSet: compareAndSet compares values byte by byte: the last character, after 64 KiB and at 1 MiB'
  ],
  'treats an empty value as absent': [
    'getMany: getMany and get return the same for every kind of value',
    'get, set, delete: set writes whether or not the key is live',
    'values: get returns the exact value written by set: the empty string',
    'values: get returns the exact value written by compareAndSet: the empty string',
    'compareAndSet: undefined matches no live value, and nothing changes',
    'compareAndSet: no value matches an absent key, and nothing is written',
    'compareAndSet: compareAndSet compares values byte by byte: leading and trailing whitespace',
    'compareAndSet: compareAndSet compares values byte by byte: notations of a number',
    'compareAndSet: compareAndSet compares values byte by byte: notations of JSON',
    'compareAndSet: the value of an expired key does not match, and nothing is written'
  ],
  'checks, waits, then writes': everyLostUpdate,
  'finds, then upserts, in a READ COMMITTED transaction on a pool of connections': everyLostUpdate,
  'locks the key in compareAndSet and delete, but not in set': [
    'races: a compareAndSet that is overtaken by a set never replaces the new value'
  ],
  'always resolves compareAndSet to true': [
    ...everyComparison,
    ...everyWinner,
    'compareAndSet: undefined matches no live value, and nothing changes',
    'compareAndSet: a different value does not match, and nothing changes',
    'compareAndSet: no value matches an absent key, and nothing is written',
    'compareAndSet: an earlier value of the key does not match',
    'compareAndSet: the deadline does not change when compareAndSet resolves to false',
    'compareAndSet: the value of an expired key does not match, and nothing is written',
    'races: 50 concurrent increments by compareAndSet lose no update'
  ],
  'writes in compareAndSet although it resolves to false': [
    ...everyComparison,
    ...everyWinner,
    'compareAndSet: undefined matches no live value, and nothing changes',
    'compareAndSet: a different value does not match, and nothing changes',
    'compareAndSet: an earlier value of the key does not match',
    'compareAndSet: the deadline does not change when compareAndSet resolves to false',
    'compareAndSet: the value of an expired key does not match, and nothing is written',
    'races: a compareAndSet that is overtaken by a set never replaces the new value'
  ],
  'changes the deadline in compareAndSet although it resolves to false': [
    'compareAndSet: the deadline does not change when compareAndSet resolves to false',
    'compareAndSet: the value of an expired key does not match, and nothing is written'
  ],
  'reports an equal value as not written': [
    'compareAndSet: writing an equal value is a write: compareAndSet resolves to true and changes the deadline'
  ],
  'keeps the deadline when it replaces a value by compareAndSet': [
    'compareAndSet: writing an equal value is a write: compareAndSet resolves to true and changes the deadline',
    'compareAndSet: created and replaced values take the deadline of the call',
    'compareAndSet: a deadline that is not in the future leaves the key absent'
  ],
  'keeps the deadline when it replaces a value by set': [
    'getMany: getMany returns undefined for expired keys, whether or not the engine has removed them',
    'expiry: set with a deadline that is not in the future makes a live key absent',
    'expiry: set replaces the deadline with a later one',
    'expiry: set replaces the deadline with an earlier one',
    'keys: keys omits expired keys, whether or not the engine has removed them'
  ],
  'refuses to create a key with compareAndSet': [
    'values: get returns the exact value written by compareAndSet: the empty string',
    'values: get returns the exact value written by compareAndSet: plain text',
    'values: get returns the exact value written by compareAndSet: strings that look like numbers',
    'values: get returns the exact value written by compareAndSet: strings that look like JSON',
    'values: get returns the exact value written by compareAndSet: leading and trailing whitespace',
    'values: get returns the exact value written by compareAndSet: line breaks of every kind',
    'values: get returns the exact value written by compareAndSet: composed and decomposed letters',
    'values: get returns the exact value written by compareAndSet: all planes of Unicode',
    'values: get returns the exact value written by compareAndSet: control characters',
    'values: get returns the exact value written by compareAndSet: strings with a special meaning in other languages',
    'values: get returns the exact value written by compareAndSet: 64 KiB',
    'values: get returns the exact value written by compareAndSet: 1 MiB',
    'values: get returns the exact value written by compareAndSet: 1 MiB of four-byte characters',
    'compareAndSet: undefined matches a key that was never written: compareAndSet writes and resolves to true',
    'compareAndSet: undefined matches a deleted key',
    'compareAndSet: created and replaced values take the deadline of the call',
    'compareAndSet: an expired key matches undefined',
    'races: exactly one of 50 concurrent creators resolves to true, and its value stays',
    'races: exactly one of 50 concurrent creators over an expired value resolves to true, and its value stays',
    'races: 50 concurrent increments by compareAndSet lose no update',
    'races: deleteExpired never removes a value written while it runs: compareAndSet'
  ],
  'treats an empty expected value as undefined': [
    'compareAndSet: no value matches an absent key, and nothing is written',
    'compareAndSet: compareAndSet matches an equal value: the empty string',
    'compareAndSet: the value of an expired key does not match, and nothing is written'
  ],
  'returns a value only once': [
    'getMany: getMany and get return the same for every kind of value',
    ...everyWinner,
    'get, set, delete: get returns the stored value on every read',
    'get, set, delete: a key that is written again after a delete stays written',
    'get, set, delete: keys that differ only in case are different keys',
    'get, set, delete: a key that contains another key is a different key',
    'get, set, delete: keys may have 1 to 200 characters, and every character counts',
    'get, set, delete: a key has no special meaning to the engine, the language or the file system',
    'get, set, delete: any number of calls may run concurrently',
    'expiry: a value is live until the exact millisecond of its deadline',
    'expiry: a deadline may be far in the future: more milliseconds than a timer can count',
    'expiry: a deadline may be far in the future: beyond 2038, more seconds than 31 bits',
    'expiry: a deadline may be far in the future: beyond 2106, more seconds than 32 bits',
    'expiry: a deadline may be far in the future: in the year 9999',
    'expiry: an expired key can be written again',
    'compareAndSet: undefined matches a key that was never written: compareAndSet writes and resolves to true',
    'compareAndSet: the exact live value matches: compareAndSet writes and resolves to true',
    'compareAndSet: a different value does not match, and nothing changes',
    'compareAndSet: an expired key matches undefined',
    'races: 50 concurrent increments by compareAndSet lose no update',
    'races: deleteExpired never removes a value written while it runs: set',
    'races: deleteExpired never removes a value written while it runs: compareAndSet',
    'keys: an iteration may end early, and several may run at once'
  ],
  'keeps an expired row instead of the new value': [
    'getMany: getMany returns undefined for expired keys, whether or not the engine has removed them',
    'expiry: an expired key can be written again',
    'compareAndSet: a deadline that is not in the future leaves the key absent',
    'races: deleteExpired never removes a value written while it runs: set',
    'keys: keys omits expired keys, whether or not the engine has removed them',
    'deleteExpired: deleteExpired keeps every live value, including renewed ones'
  ],
  'unescapes backslashes': [
    ...changedValue('strings with a special meaning in other languages'),
    'compareAndSet: compareAndSet compares values byte by byte: notations of JSON'
  ],
  'keeps Latin letters only': [...changedValue('plain text')],
  'trims values': [
    'getMany: getMany returns 17 values of 1 MiB, even if the engine sends several responses',
    ...changedValue('strings that look like JSON'),
    ...changedValue('leading and trailing whitespace'),
    ...changedValue('line breaks of every kind'),
    ...changedValue('64 KiB'),
    ...changedValue('1 MiB'),
    'compareAndSet: undefined matches no live value, and nothing changes',
    'compareAndSet: compareAndSet compares values byte by byte: leading and trailing whitespace',
    'compareAndSet: compareAndSet compares values byte by byte: line breaks',
    'compareAndSet: compareAndSet compares values byte by byte: invisible characters'
  ],
  'normalizes values': [
    ...changedValue('composed and decomposed letters'),
    'compareAndSet: compareAndSet compares values byte by byte: composed and decomposed letters'
  ],
  'converts line breaks to \\n': [
    ...changedValue('line breaks of every kind'),
    ...changedValue('control characters'),
    'compareAndSet: compareAndSet compares values byte by byte: line breaks'
  ],
  'truncates values at 64 KiB': [
    'getMany: getMany returns 17 values of 1 MiB, even if the engine sends several responses',
    ...changedValue('64 KiB'),
    ...changedValue('1 MiB'),
    ...changedValue('1 MiB of four-byte characters'),
    'compareAndSet: compareAndSet compares values byte by byte: the last character, after 64 KiB and at 1 MiB',
    'races: readers see only complete values during concurrent writes, and exactly one write wins'
  ],
  'replaces characters outside the Basic Multilingual Plane': [
    ...changedValue('all planes of Unicode'),
    ...changedValue('1 MiB of four-byte characters'),
    'compareAndSet: compareAndSet compares values byte by byte: characters outside the Basic Multilingual Plane'
  ],
  'parses strings that look like JSON': [
    ...changedValue('strings that look like numbers'),
    ...changedValue('strings that look like JSON'),
    'compareAndSet: compareAndSet compares values byte by byte: notations of a number',
    'compareAndSet: compareAndSet compares values byte by byte: notations of JSON'
  ],
  'returns null for an absent key': [
    'get, set, delete: get resolves to undefined for a key that was never written',
    'get, set, delete: delete makes the key absent',
    'get, set, delete: deleting an absent key is not an error',
    'get, set, delete: no earlier write reappears after delete has resolved',
    'get, set, delete: keys that differ only in case are different keys',
    'get, set, delete: a key that contains another key is a different key',
    'get, set, delete: keys may have 1 to 200 characters, and every character counts',
    'get, set, delete: a key has no special meaning to the engine, the language or the file system',
    'get, set, delete: any number of calls may run concurrently',
    'expiry: get resolves to undefined once the deadline has passed',
    'expiry: a value is live until the exact millisecond of its deadline',
    'expiry: set with a deadline that is not in the future leaves an absent key absent',
    'expiry: set with a deadline that is not in the future makes a live key absent',
    'expiry: set replaces the deadline with an earlier one',
    'expiry: deleting an expired key is not an error',
    'expiry: the expiry of one key does not affect others',
    'compareAndSet: no value matches an absent key, and nothing is written',
    'compareAndSet: created and replaced values take the deadline of the call',
    'compareAndSet: a deadline that is not in the future leaves the key absent',
    'compareAndSet: the deadline does not change when compareAndSet resolves to false',
    'compareAndSet: the value of an expired key does not match, and nothing is written',
    'races: 50 concurrent increments by compareAndSet lose no update',
    'races: a compareAndSet that is overtaken by a delete never restores the value',
    'races: a key that is deleted during many compareAndSet loops stays absent',
    'races: concurrent deletes of one key all resolve',
    'keys: other calls complete while an iteration is open',
    'deleteExpired: deleteExpired removes expired values and resolves to their number'
  ],
  'folds the case of keys': [
    'getMany: getMany treats keys literally and distinguishes their case',
    'get, set, delete: keys that differ only in case are different keys',
    'get, set, delete: keys may have 1 to 200 characters, and every character counts',
    'compareAndSet: compareAndSet changes no other key',
    'keys: the empty prefix matches every key',
    'keys: the prefix is case-sensitive'
  ],
  'truncates keys at 191 characters': [
    'get, set, delete: keys may have 1 to 200 characters, and every character counts',
    'keys: the empty prefix matches every key',
    'keys: a prefix may be as long as a key, and every key is a prefix of itself'
  ],
  'rounds deadlines down to seconds': ['expiry: a value is live until the exact millisecond of its deadline'],
  'rounds deadlines up to seconds': [
    'getMany: getMany returns undefined for expired keys, whether or not the engine has removed them',
    'expiry: get resolves to undefined once the deadline has passed',
    'expiry: a value is live until the exact millisecond of its deadline',
    'expiry: set with a deadline that is not in the future leaves an absent key absent',
    'expiry: set with a deadline that is not in the future makes a live key absent',
    'expiry: set replaces the deadline with an earlier one',
    'expiry: the expiry of one key does not affect others',
    'compareAndSet: created and replaced values take the deadline of the call',
    'compareAndSet: a deadline that is not in the future leaves the key absent',
    'compareAndSet: the deadline does not change when compareAndSet resolves to false',
    'compareAndSet: the value of an expired key does not match, and nothing is written',
    'compareAndSet: an expired key matches undefined',
    'races: exactly one of 50 concurrent creators over an expired value resolves to true, and its value stays',
    'races: deleteExpired never removes a value written while it runs: compareAndSet',
    'keys: keys omits expired keys, whether or not the engine has removed them',
    'deleteExpired: deleteExpired removes expired values and resolves to their number',
    'deleteExpired: deleteExpired keeps every live value, including renewed ones',
    'deleteExpired: one call removes all expired values, even if that takes several batches: 1,200',
    'deleteExpired: concurrent calls of deleteExpired count no value twice'
  ],
  'keeps every value for at least one second': [
    'getMany: getMany returns undefined for expired keys, whether or not the engine has removed them',
    'expiry: a value is live until the exact millisecond of its deadline',
    'expiry: set with a deadline that is not in the future leaves an absent key absent',
    'expiry: set with a deadline that is not in the future makes a live key absent',
    'compareAndSet: a deadline that is not in the future leaves the key absent',
    'keys: keys omits expired keys, whether or not the engine has removed them'
  ],
  'keeps deadlines in 32 bits of seconds': [
    'expiry: a deadline may be far in the future: beyond 2106, more seconds than 32 bits'
  ],
  'deletes each key with a timer': [
    'expiry: a deadline may be far in the future: more milliseconds than a timer can count',
    'expiry: a deadline may be far in the future: beyond 2038, more seconds than 31 bits',
    'expiry: a deadline may be far in the future: beyond 2106, more seconds than 32 bits',
    'expiry: a deadline may be far in the future: in the year 9999'
  ],
  'moves the deadline on every read': [
    'expiry: get resolves to undefined once the deadline has passed',
    'expiry: a value is live until the exact millisecond of its deadline',
    'compareAndSet: created and replaced values take the deadline of the call'
  ],
  'ignores a write whose deadline is past': [
    'getMany: getMany returns undefined for expired keys, whether or not the engine has removed them',
    'expiry: set with a deadline that is not in the future makes a live key absent',
    'keys: keys omits expired keys, whether or not the engine has removed them'
  ],
  'does not overwrite': [
    'getMany: getMany returns undefined for expired keys, whether or not the engine has removed them',
    'getMany: getMany sees every write that resolved before the call began',
    'get, set, delete: set writes whether or not the key is live',
    'get, set, delete: get sees every write that resolved before the call began',
    'get, set, delete: any number of calls may run concurrently',
    'expiry: set with a deadline that is not in the future makes a live key absent',
    'expiry: set replaces the deadline with a later one',
    'expiry: set replaces the deadline with an earlier one',
    'races: a compareAndSet that is overtaken by a set never replaces the new value',
    'keys: keys omits expired keys, whether or not the engine has removed them'
  ],
  'deletes after delete has resolved': [
    'getMany: values are in the order of the keys, with undefined for every absent key',
    'getMany: getMany sees every write that resolved before the call began',
    'get, set, delete: delete makes the key absent',
    'get, set, delete: deleting an absent key is not an error',
    'get, set, delete: no earlier write reappears after delete has resolved',
    'get, set, delete: a key that is written again after a delete stays written',
    'get, set, delete: keys that differ only in case are different keys',
    'get, set, delete: a key that contains another key is a different key',
    'get, set, delete: keys may have 1 to 200 characters, and every character counts',
    'get, set, delete: a key has no special meaning to the engine, the language or the file system',
    'get, set, delete: any number of calls may run concurrently',
    'compareAndSet: undefined matches a deleted key',
    'compareAndSet: no value matches an absent key, and nothing is written',
    'races: a compareAndSet that is overtaken by a delete never restores the value',
    'races: concurrent deletes of one key all resolve',
    'keys: keys omits deleted keys',
    'keys: other calls complete while an iteration is open'
  ],
  'writes behind, so that a flush restores a deleted value': [
    'get, set, delete: no earlier write reappears after delete has resolved',
    'compareAndSet: the exact live value matches: compareAndSet writes and resolves to true',
    'compareAndSet: an expired key matches undefined',
    'races: exactly one of 50 concurrent replacers resolves to true, and its value stays',
    'races: exactly one of 50 concurrent creators over an expired value resolves to true, and its value stays',
    'races: deleteExpired never removes a value written while it runs: compareAndSet'
  ],
  'deletes every key that starts with the deleted key': [
    'get, set, delete: a key that contains another key is a different key',
    'get, set, delete: keys may have 1 to 200 characters, and every character counts',
    'get, set, delete: a key has no special meaning to the engine, the language or the file system',
    'get, set, delete: any number of calls may run concurrently',
    'keys: keys yields each of 2,600 live keys once while other keys are written, replaced and deleted'
  ],
  'writes a value in two steps': [
    'races: readers see only complete values during concurrent writes, and exactly one write wins'
  ],
  'throws when it deletes an absent key': [
    'getMany: getMany sees every write that resolved before the call began',
    'get, set, delete: deleting an absent key is not an error',
    'races: concurrent deletes of one key all resolve'
  ],
  'returns the values of getMany in the order of the engine': [
    'getMany: values are in the order of the keys, with undefined for every absent key',
    'getMany: getMany accepts 1 to 100 keys',
    'getMany: getMany and get return the same for every kind of value',
    'getMany: getMany treats keys literally and distinguishes their case',
    'getMany: any number of getMany calls may run concurrently',
    'getMany: getMany returns 17 values of 1 MiB, even if the engine sends several responses'
  ],
  'omits absent keys in getMany': [
    'getMany: values are in the order of the keys, with undefined for every absent key',
    'getMany: getMany accepts 1 to 100 keys',
    'getMany: getMany treats keys literally and distinguishes their case',
    'getMany: getMany returns undefined for expired keys, whether or not the engine has removed them',
    'getMany: getMany sees every write that resolved before the call began'
  ],
  'returns null for absent keys in getMany': [
    'getMany: values are in the order of the keys, with undefined for every absent key',
    'getMany: getMany accepts 1 to 100 keys',
    'getMany: getMany treats keys literally and distinguishes their case',
    'getMany: getMany returns undefined for expired keys, whether or not the engine has removed them',
    'getMany: getMany sees every write that resolved before the call began'
  ],
  'ignores expiry in getMany': [
    'getMany: getMany returns undefined for expired keys, whether or not the engine has removed them'
  ],
  'treats an empty value as absent in getMany': ['getMany: getMany and get return the same for every kind of value'],
  'collects the values of getMany in an object by key': [
    'getMany: getMany treats keys literally and distinguishes their case'
  ],
  'returns only the first 25 values of getMany': [
    'getMany: getMany accepts 1 to 100 keys',
    'getMany: getMany and get return the same for every kind of value',
    'getMany: any number of getMany calls may run concurrently'
  ],
  'returns only the values of getMany that fit in one response of 16 MiB': [
    'getMany: getMany and get return the same for every kind of value',
    'getMany: getMany returns 17 values of 1 MiB, even if the engine sends several responses'
  ],
  'serves getMany from a cache': [
    'getMany: getMany treats keys literally and distinguishes their case',
    'getMany: getMany sees every write that resolved before the call began'
  ],
  'reads one list of keys at a time': ['getMany: any number of getMany calls may run concurrently'],
  'treats _ in a prefix as a wildcard': ['keys: the prefix is literal: _ is not a wildcard'],
  'treats . in a prefix as a wildcard': [
    'keys: keys yields exactly the live keys that start with the prefix, each once',
    'keys: the prefix is literal: . is not a wildcard'
  ],
  'treats - in a prefix as a wildcard': ['keys: the prefix is literal: - is not a range'],
  'throws if no key matches a prefix': ['keys: keys yields nothing if no key matches'],
  'stays busy after an iteration ends early': ['keys: an iteration may end early, and several may run at once'],
  'lists every key that contains the prefix': [
    'keys: keys yields exactly the live keys that start with the prefix, each once'
  ],
  'ignores case in prefixes': [
    'keys: keys yields exactly the live keys that start with the prefix, each once',
    'keys: the prefix is case-sensitive'
  ],
  'lists expired keys': ['keys: keys omits expired keys, whether or not the engine has removed them'],
  'lists the first 1,000 keys': [
    'keys: keys yields each of 2,600 live keys once while other keys are written, replaced and deleted'
  ],
  'pages through keys by offset': [
    'keys: keys yields each of 2,600 live keys once while other keys are written, replaced and deleted'
  ],
  'lists nothing for the empty prefix': [
    'keys: the empty prefix matches every key',
    'keys: keys omits expired keys, whether or not the engine has removed them'
  ],
  'removes live values in deleteExpired': [
    'races: deleteExpired never removes a value written while it runs: set',
    'races: deleteExpired never removes a value written while it runs: compareAndSet',
    'deleteExpired: deleteExpired resolves to 0 if nothing has expired',
    'deleteExpired: deleteExpired keeps every live value, including renewed ones',
    'deleteExpired: reads and writes continue while deleteExpired runs'
  ],
  'collects expired keys first and deletes them later by key alone': [
    'races: deleteExpired never removes a value written while it runs: set',
    'races: deleteExpired never removes a value written while it runs: compareAndSet'
  ],
  'deletes one batch of expired values only': [
    'deleteExpired: one call removes all expired values, even if that takes several batches: 1,200'
  ],
  'counts expired values before it deletes them': [
    'deleteExpired: concurrent calls of deleteExpired count no value twice'
  ],
  'counts expired values and deletes none': [
    'deleteExpired: a second call finds nothing to remove',
    'deleteExpired: one call removes all expired values, even if that takes several batches: 1,200',
    'deleteExpired: concurrent calls of deleteExpired count no value twice'
  ],
  'does not count deleted values': [
    'deleteExpired: deleteExpired removes expired values and resolves to their number',
    'deleteExpired: deleteExpired keeps every live value, including renewed ones',
    'deleteExpired: one call removes all expired values, even if that takes several batches: 1,200',
    'deleteExpired: concurrent calls of deleteExpired count no value twice'
  ],
  'throws if it is closed twice': [
    'close: close resolves, whether or not the store was used',
    'close: closing twice is not an error',
    'close: closing twice concurrently is not an error'
  ]
}

function changedValue(kind: string): string[] {
  return [
    `values: get returns the exact value written by set: ${kind}`,
    `values: get returns the exact value written by compareAndSet: ${kind}`,
    `compareAndSet: compareAndSet matches an equal value: ${kind}`
  ]
}
