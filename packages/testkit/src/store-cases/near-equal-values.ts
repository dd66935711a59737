import { describeSize } from './value-samples.ts'

/** Pairs of different strings that a collation, a cast, a parser or a fixed-size comparison treats as equal. */
export interface NearEqualValues {
  readonly kind: string
  readonly pairs: readonly (readonly [string, string])[]
}

const kibibytes64 = 'x'.repeat(65_536)

export function nearEqualValues(largestValue: number): readonly NearEqualValues[] {
  const largest = 'x'.repeat(largestValue - 1)
  const long = {
    kind: `the last character, after 64 KiB and at ${describeSize(largestValue)}`,
    pairs: pairs(kibibytes64, `${kibibytes64}y`, `${kibibytes64}y`, `${kibibytes64}z`, `${largest}y`, `${largest}z`)
  }
  return [...shortValues, long]
}

const shortValues: readonly NearEqualValues[] = [
  { kind: 'case', pairs: pairs('token', 'Token', 'token', 'TOKEN', 'É', 'é', 'Σ', 'ς', 'İ', 'i', 'ß', 'SS') },
  { kind: 'accents', pairs: pairs('e', 'é', 'e', 'ë', 'n', 'ñ', 'u', 'ü', 'o', 'ø', 'ss', 'ß', 'ae', 'æ') },
  {
    kind: 'composed and decomposed letters',
    pairs: pairs('\u00e9', 'e\u0301', '\u00c5', '\u212b', '\ufb01', 'fi', '\uac00', '\u1100\u1161', '\uff21', 'A')
  },
  {
    kind: 'leading and trailing whitespace',
    pairs: pairs('x', 'x ', 'x', ' x', 'x', 'x\t', '', ' ', '', '    ', 'x\u00a0', 'x ', 'a b', 'a  b')
  },
  {
    kind: 'line breaks',
    pairs: pairs('x', 'x\n', 'x\n', 'x\r\n', 'x\n', 'x\r', 'x\n', 'x\n\n', 'x\n', 'x\u2028', 'x', '\nx')
  },
  {
    kind: 'notations of a number',
    pairs: pairs(
      '1',
      '01',
      '1',
      '1.0',
      '1000',
      '1e3',
      '0',
      '-0',
      '',
      '0',
      '16',
      '0x10',
      '9007199254740993',
      '9007199254740992'
    )
  },
  {
    kind: 'notations of JSON',
    pairs: pairs('{"a":1}', '{"a": 1}', '{"a":1,"b":2}', '{"b":2,"a":1}', '"x"', 'x', '"\\u0041"', '"A"', 'null', '')
  },
  {
    kind: 'invisible characters',
    pairs: pairs('x', 'x\u200b', 'x', '\ufeffx', 'x', 'x\u00ad', 'ab', 'a\u0001b', 'x', 'x\u007f', 'x', '\u200ex')
  },
  {
    kind: 'characters outside the Basic Multilingual Plane',
    pairs: pairs(
      '\u{1f600}',
      '\u{1f601}',
      '\u{1f600}',
      '\ufffd',
      '\u{1d49c}',
      'A',
      '\u{10000}',
      '\u{10ffff}',
      '\u{1f600}',
      '?'
    )
  }
]

function pairs(...values: readonly string[]): [string, string][] {
  const result: [string, string][] = []
  for (let index = 0; index + 1 < values.length; index += 2) result.push([values[index] ?? '', values[index + 1] ?? ''])
  return result
}
