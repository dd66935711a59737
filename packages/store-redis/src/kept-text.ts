/** What a text has of another one, at both ends, and what lies between. */
export interface KeptText {
  /** UTF-8 bytes in front that both texts have. */
  readonly front: number
  /** UTF-8 bytes at the end that both texts have. */
  readonly end: number
  /** The rest of the new text. */
  readonly middle: string
}

/** Code units that are compared at once. */
const block = 1_024

/** What `next` has of `previous`. A character of two code units is kept as a whole or not at all. */
export function keptOf(previous: string, next: string): KeptText {
  const shorter = Math.min(previous.length, next.length)
  let front = 0
  while (front + block <= shorter && sameUntil(previous, next, front + block)) front += block
  while (front < shorter && previous.charCodeAt(front) === next.charCodeAt(front)) front++
  if (splitsPair(next, front) || splitsPair(previous, front)) front--
  let end = 0
  const most = shorter - front
  while (end + block <= most && sameFromEnd(previous, next, end + block)) end += block
  while (end < most && unitFromEnd(previous, end) === unitFromEnd(next, end)) end++
  if (splitsPair(next, next.length - end) || splitsPair(previous, previous.length - end)) end--
  return {
    front: Buffer.byteLength(next.slice(0, front)),
    end: Buffer.byteLength(next.slice(next.length - end)),
    middle: next.slice(front, next.length - end)
  }
}

function sameUntil(one: string, other: string, place: number): boolean {
  return one.slice(place - block, place) === other.slice(place - block, place)
}

/** Compares the block that begins so far from the end. */
function sameFromEnd(one: string, other: string, distance: number): boolean {
  const [start, otherStart] = [one.length - distance, other.length - distance]
  return one.slice(start, start + block) === other.slice(otherStart, otherStart + block)
}

function unitFromEnd(text: string, distance: number): number {
  return text.charCodeAt(text.length - 1 - distance)
}

/** Whether the place lies between the two code units of one character. */
function splitsPair(text: string, place: number): boolean {
  return place > 0 && isBetween(text.charCodeAt(place - 1), 0xd800) && isBetween(text.charCodeAt(place), 0xdc00)
}

function isBetween(unit: number, first: number): boolean {
  return unit >= first && unit < first + 0x400
}
