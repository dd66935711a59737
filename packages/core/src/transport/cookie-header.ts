const mostOccurrences = 64

/**
 * Every value that a `Cookie` header gives to exactly `name`, in order, at most the first 64. Nothing is decoded or
 * unquoted: a name spelled `__%48ost-sid` is another name (CVE-2020-8184). Spaces and tabs around a value are dropped,
 * as RFC 6265bis §5.6.1 does. Time grows linearly with the header.
 */
export function findCookies(header: string, name: string): string[] {
  const found: string[] = []
  const needle = `${name}=`
  let at = header.indexOf(needle)
  while (at !== -1 && found.length < mostOccurrences) {
    const valueStart = at + needle.length
    if (startsPair(header, at)) {
      const semicolon = header.indexOf(';', valueStart)
      const end = semicolon === -1 ? header.length : semicolon
      found.push(trimBlanks(header, valueStart, end))
      at = header.indexOf(needle, end)
    } else {
      at = header.indexOf(needle, valueStart)
    }
  }
  return found
}

function startsPair(header: string, at: number): boolean {
  let before = at - 1
  while (isBlank(header.charCodeAt(before))) before--
  return before < 0 || header[before] === ';'
}

function trimBlanks(header: string, from: number, to: number): string {
  let start = from
  let end = to
  while (start < end && isBlank(header.charCodeAt(start))) start++
  while (start < end && isBlank(header.charCodeAt(end - 1))) end--
  return header.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}
