/** A string described by the parts that it shares with an earlier one. */
export interface SharedEnds {
  /** UTF-8 bytes that both strings have in front. */
  readonly front: number
  /** UTF-8 bytes that both strings have at the end. */
  readonly end: number
  /** The rest of the new string. */
  readonly middle: string
}

/** Code units that are compared at once. */
const block = 1_024

/** Finds what `next` shares with `previous`. A character of two code units is shared as a whole or not at all. */
export function sharedEnds(previous: string, next: string): SharedEnds {
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

/** Compares the blocks that begin `distance` before the end. */
function sameFromEnd(one: string, other: string, distance: number): boolean {
  const [start, otherStart] = [one.length - distance, other.length - distance]
  return one.slice(start, start + block) === other.slice(otherStart, otherStart + block)
}

function unitFromEnd(value: string, distance: number): number {
  return value.charCodeAt(value.length - 1 - distance)
}

/** Whether the place lies between the two code units of one character. */
function splitsPair(value: string, place: number): boolean {
  return place > 0 && isBetween(value.charCodeAt(place - 1), 0xd800) && isBetween(value.charCodeAt(place), 0xdc00)
}

function isBetween(unit: number, first: number): boolean {
  return unit >= first && unit < first + 0x400
}
