/** Strings that engines, drivers and serializers are known to change, grouped by kind. */
export interface ValueSample {
  readonly kind: string
  readonly values: readonly string[]
}

const controls = Array.from({ length: 0x9f }, (_, index) => String.fromCharCode(index + 1))
  .filter((character) => character < ' ' || character > '~')
  .join('')

export const valueSamples: readonly ValueSample[] = [
  { kind: 'the empty string', values: [''] },
  { kind: 'plain text', values: ['x', 'value', 'Straße, façade, naïve', '日本語', 'שלום', 'مرحبا'] },
  {
    kind: 'strings that look like numbers',
    values: ['0', '-0', '1', '01', '007', '1.0', '1.10', '1e3', '+1', '0x10', '1_000', '12345678901234567890', 'NaN']
  },
  {
    kind: 'strings that look like JSON',
    values: [
      '{"a":1}',
      '{ "a" : 1 }',
      '{"a":1',
      '{}',
      '[1, 2]',
      '"x"',
      'null',
      'true',
      'false',
      'undefined',
      '{"a":1}\n'
    ]
  },
  {
    kind: 'leading and trailing whitespace',
    values: [' ', '   ', ' x', 'x ', '\tx\t', '\u00a0x\u00a0', '\ufeffx', 'x\u3000']
  },
  {
    kind: 'line breaks of every kind',
    values: [
      '\n',
      'x\n',
      '\nx',
      'a\nb',
      'a\rb',
      'a\r\nb',
      'a\n\rb',
      'a\u0085b',
      'a\u2028b',
      'a\u2029b',
      'a\vb\f',
      '\n\n'
    ]
  },
  {
    kind: 'composed and decomposed letters',
    values: ['\u00e9', 'e\u0301', '\u00c5', '\u212b', 'A\u030a', '\ufb01', '\uac00', '\u1100\u1161', '\u0301']
  },
  {
    kind: 'all planes of Unicode',
    values: [
      ...['\u{10000}', '\u{1f600}', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', '\u{1d49c}', '\u{20000}', '\u{e0001}'],
      ...['\u{f0000}', '\u{10ffff}', '\ud7ff', '\ue000', '\ufffd', '\ufffe', '\uffff', 'a\u{1f600}b\u{10ffff}c']
    ]
  },
  { kind: 'control characters', values: [controls, '\u0001', 'a\u0001b', '\u007f', '\u001b[0m', '\b', '\u001a'] },
  {
    kind: 'strings with a special meaning in other languages',
    values: [
      ...["'", "''", '"', '`', '\\', '\\\\', '\\n', '\\0', '\\u0041', "'; DROP TABLE sessions; --", '%', '_', '*', '?'],
      ...['$1', ':name', '@@version', '$x', '{{x}}', '&amp;', '<b>', '%00', '%F0%9F', 'AAECAw==', 'x,y;z', '__proto__']
    ]
  }
]

const kibibyte = 1_024

/** Sizes in UTF-8 bytes; the multi-byte ones have no characters on power-of-two boundaries. */
export function largeValues(largestValue: number): readonly ValueSample[] {
  const largest = describeSize(largestValue)
  return [
    { kind: '64 KiB', values: [64 * kibibyte - 1, 64 * kibibyte, 64 * kibibyte + 1].map(stringOfBytes) },
    { kind: largest, values: [stringOfBytes(largestValue)] },
    { kind: `${largest} of four-byte characters`, values: [wideStringOfBytes(largestValue)] }
  ]
}

export function describeSize(bytes: number): string {
  return bytes === kibibyte * kibibyte ? '1 MiB' : `${bytes} bytes`
}

export function stringOfBytes(bytes: number): string {
  return 'The quick brown fox. '.repeat(Math.ceil(bytes / 21)).slice(0, bytes)
}

/** The same number of bytes in about a quarter of the characters. */
export function wideStringOfBytes(bytes: number): string {
  const characters = Math.floor(bytes / 4) - 1
  return `ab${'\u{1f600}'.repeat(characters)}${'cdefg'.slice(0, bytes - 2 - 4 * characters)}`
}
