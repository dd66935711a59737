/** Texts that engines, drivers and serializers are known to change, by what they look like. */
export interface TextSample {
  readonly kind: string
  readonly texts: readonly string[]
}

const controls = Array.from({ length: 0x9f }, (_, index) => String.fromCharCode(index + 1))
  .filter((character) => character < ' ' || character > '~')
  .join('')

export const textSamples: readonly TextSample[] = [
  { kind: 'the empty text', texts: [''] },
  { kind: 'plain text', texts: ['x', 'value', 'Straße, façade, naïve', '日本語', 'שלום', 'مرحبا'] },
  {
    kind: 'text like a number',
    texts: ['0', '-0', '1', '01', '007', '1.0', '1.10', '1e3', '+1', '0x10', '1_000', '12345678901234567890', 'NaN']
  },
  {
    kind: 'text like JSON',
    texts: [
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
  { kind: 'spaces at either end', texts: [' ', '   ', ' x', 'x ', '\tx\t', '\u00a0x\u00a0', '\ufeffx', 'x\u3000'] },
  {
    kind: 'newlines of every kind',
    texts: [
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
    texts: ['\u00e9', 'e\u0301', '\u00c5', '\u212b', 'A\u030a', '\ufb01', '\uac00', '\u1100\u1161', '\u0301']
  },
  {
    kind: 'all planes of Unicode',
    texts: [
      ...['\u{10000}', '\u{1f600}', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', '\u{1d49c}', '\u{20000}', '\u{e0001}'],
      ...['\u{f0000}', '\u{10ffff}', '\ud7ff', '\ue000', '\ufffd', '\ufffe', '\uffff', 'a\u{1f600}b\u{10ffff}c']
    ]
  },
  { kind: 'control characters', texts: [controls, '\u0001', 'a\u0001b', '\u007f', '\u001b[0m', '\b', '\u001a'] },
  {
    kind: 'text with a meaning elsewhere',
    texts: [
      ...["'", "''", '"', '`', '\\', '\\\\', '\\n', '\\0', '\\u0041', "'; DROP TABLE sessions; --", '%', '_', '*', '?'],
      ...['$1', ':name', '@@version', '$x', '{{x}}', '&amp;', '<b>', '%00', '%F0%9F', 'AAECAw==', 'x,y;z', '__proto__']
    ]
  }
]

const kibibyte = 1_024

/** Sizes in UTF-8 bytes; the multi-byte ones have no characters on power-of-two boundaries. */
export function largeTexts(largestValue: number): readonly TextSample[] {
  const largest = describeSize(largestValue)
  return [
    { kind: '64 KiB', texts: [64 * kibibyte - 1, 64 * kibibyte, 64 * kibibyte + 1].map(textOfBytes) },
    { kind: largest, texts: [textOfBytes(largestValue)] },
    { kind: `${largest} of four-byte characters`, texts: [wideTextOfBytes(largestValue)] }
  ]
}

export function describeSize(bytes: number): string {
  return bytes === kibibyte * kibibyte ? '1 MiB' : `${bytes} bytes`
}

export function textOfBytes(bytes: number): string {
  return 'The quick brown fox. '.repeat(Math.ceil(bytes / 21)).slice(0, bytes)
}

/** As many bytes in about a quarter of the characters. */
export function wideTextOfBytes(bytes: number): string {
  const characters = Math.floor(bytes / 4) - 1
  return `ab${'\u{1f600}'.repeat(characters)}${'cdefg'.slice(0, bytes - 2 - 4 * characters)}`
}
