/** A module's text, seen the way a boundary check needs it. */
export interface SourceText {
  /** The text as it is. */
  readonly raw: string
  /** Same length, with comments and the insides of strings blanked, so that a word found here is code. */
  readonly code: string
  readonly imports: readonly ImportedModule[]
  /** 1-based line of an offset. */
  lineOf(offset: number): number
}

export interface ImportedModule {
  readonly specifier: string
  /** `import type` or `export type`: gone after the build. */
  readonly typeOnly: boolean
  /** What is imported by name and lives on after the build; `*` for everything or a default. */
  readonly values: readonly string[]
  readonly line: number
}

/** Reads a TypeScript or JavaScript module without a compiler: TypeScript 7 has no API to ask. */
export function readSource(raw: string): SourceText {
  const { code, strings } = blankText(raw)
  const lineOf = (offset: number): number => raw.slice(0, offset).split('\n').length
  return { raw, code, imports: findImports(code, strings, lineOf), lineOf }
}

const importForms =
  /\b(?:(?:import|export)\s+(type\s+(?!from\b))?(?:([\w$*{}\s,]*?)\bfrom\s*)?|(?:import(?:\.meta\.resolve)?|require(?:\.resolve)?)\s*\(\s*)(?=['"`])/g

function findImports(
  code: string,
  strings: ReadonlyMap<number, string>,
  lineOf: (offset: number) => number
): ImportedModule[] {
  return [...code.matchAll(importForms)].flatMap((match) => {
    const quote = match.index + match[0].length
    const specifier = strings.get(quote)
    if (specifier === undefined) return []
    const typeOnly = match[1] !== undefined
    return [{ specifier, typeOnly, values: typeOnly ? [] : valuesOf(match[2]), line: lineOf(quote) }]
  })
}

function valuesOf(clause: string | undefined): string[] {
  const names = /^\s*\{([\w$\s,]*)\}\s*$/.exec(clause ?? '')?.[1]
  if (names === undefined) return ['*']
  return names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && !name.startsWith('type '))
    .map((name) => name.split(/\s/, 1).join(''))
}

/** A slash after one of these starts a regular expression, after anything else it divides. */
const beforeRegExp = /(?:^|[=(,:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|do|else|yield|await|throw))\s*$/

function blankText(raw: string): { code: string; strings: Map<number, string> } {
  const code = [...Array(raw.length).keys()].map((index) => raw.charAt(index))
  const strings = new Map<number, string>()
  const blank = (from: number, to: number): void => {
    for (let index = from; index < to; index += 1) if (raw.charAt(index) !== '\n') code[index] = ' '
  }

  /** Reads code from `start` up to `closing` (the brace of a `${…}`) or the end; returns the offset after it. */
  function readCode(start: number, closing: boolean): number {
    let depth = 0
    let at = start
    while (at < raw.length) {
      const char = raw.charAt(at)
      const pair = raw.slice(at, at + 2)
      if (pair === '//') at = skipTo(at, endOfLine(raw, at))
      else if (pair === '/*') at = skipTo(at, endAfter(raw, '*/', at + 2))
      else if (char === "'" || char === '"') at = readString(at, char)
      else if (char === '`') at = readTemplate(at)
      else if (char === '/' && beforeRegExp.test(code.slice(Math.max(0, at - 40), at).join(''))) at = readRegExp(at)
      else {
        if (char === '{') depth += 1
        if (char === '}') {
          if (closing && depth === 0) return at + 1
          depth -= 1
        }
        at += 1
      }
    }
    return at
  }

  function skipTo(from: number, to: number): number {
    blank(from, to)
    return to
  }

  function readString(start: number, quote: string): number {
    let at = start + 1
    while (at < raw.length && raw.charAt(at) !== quote && raw.charAt(at) !== '\n') at += raw.charAt(at) === '\\' ? 2 : 1
    strings.set(start, raw.slice(start + 1, at))
    blank(start + 1, at)
    return at + 1
  }

  function readTemplate(start: number): number {
    let at = start + 1
    let textStart = at
    while (at < raw.length && raw.charAt(at) !== '`') {
      if (raw.startsWith('${', at)) {
        blank(textStart, at)
        at = readCode(at + 2, true)
        textStart = at
      } else at += raw.charAt(at) === '\\' ? 2 : 1
    }
    strings.set(start, raw.slice(start + 1, at))
    blank(textStart, at)
    return at + 1
  }

  function readRegExp(start: number): number {
    let at = start + 1
    let inClass = false
    while (at < raw.length && raw.charAt(at) !== '\n') {
      const char = raw.charAt(at)
      if (char === '/' && !inClass) break
      if (char === '[') inClass = true
      if (char === ']') inClass = false
      at += char === '\\' ? 2 : 1
    }
    blank(start + 1, at)
    return at + 1
  }

  readCode(0, false)
  return { code: code.join(''), strings }
}

function endOfLine(raw: string, from: number): number {
  const end = raw.indexOf('\n', from)
  return end === -1 ? raw.length : end
}

function endAfter(raw: string, text: string, from: number): number {
  const end = raw.indexOf(text, from)
  return end === -1 ? raw.length : end + text.length
}
