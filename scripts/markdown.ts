/** A fenced block of code in a Markdown file. */
export interface CodeBlock {
  readonly language: string
  readonly code: string
  /** 1-based line of the block's first line of code. */
  readonly line: number
  /** The HTML comment directly above: `<!-- snippet: … -->` gives the part after the colon. */
  readonly directive: string | undefined
}

export interface Link {
  readonly target: string
  readonly line: number
}

const fence = /^(\s*)(`{3,}|~{3,})\s*([\w-]*)/
const directiveComment = /^\s*<!--\s*snippet:\s*(.*?)\s*-->\s*$/

/** The fenced blocks of a Markdown document, in order. */
export function readCodeBlocks(markdown: string): CodeBlock[] {
  const lines = markdown.split('\n')
  const blocks: CodeBlock[] = []
  let directive: string | undefined
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? ''
    const open = fence.exec(line)
    if (open === null) {
      const comment = directiveComment.exec(line)
      if (comment !== null) directive = comment[1]
      else if (line.trim() !== '') directive = undefined
      continue
    }
    const [, indent = '', marker = '', language = ''] = open
    const start = index + 1
    do index += 1
    while (index < lines.length && !closes(lines[index] ?? '', marker))
    const code = lines.slice(start, index).map((one) => (one.startsWith(indent) ? one.slice(indent.length) : one))
    blocks.push({ language: language.toLowerCase(), code: code.join('\n'), line: start + 1, directive })
    directive = undefined
  }
  return blocks
}

/** Links and images of a Markdown document, except those in code. */
export function readLinks(markdown: string): Link[] {
  return proseLines(markdown).flatMap((line, index) => {
    const prose = line.replace(/(`+).*?\1/g, '')
    const inline = [...prose.matchAll(/\]\(\s*<?([^\s)>]+)>?(?:\s+"[^"]*")?\s*\)/g)]
    const named = [...prose.matchAll(/^\s*\[[^\]]+\]:\s*<?(\S+?)>?\s*$/g)]
    const html = [...prose.matchAll(/\b(?:href|src)="([^"]+)"/g)]
    return [...inline, ...named, ...html].map(([, target = '']) => ({ target, line: index + 1 }))
  })
}

/** The anchors of the headings of a Markdown document, as GitHub makes them. */
export function readAnchors(markdown: string): Set<string> {
  const anchors = new Set<string>()
  for (const line of proseLines(markdown)) {
    for (const [, name = ''] of line.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)) anchors.add(name)
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1]
    if (heading === undefined) continue
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-')
    let anchor = slug
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${slug}-${count}`
    anchors.add(anchor)
  }
  return anchors
}

/** The lines of the document, with those of code blocks emptied. */
function proseLines(markdown: string): string[] {
  let marker: string | undefined
  return markdown.split('\n').map((line) => {
    if (marker !== undefined) {
      if (closes(line, marker)) marker = undefined
      return ''
    }
    marker = fence.exec(line)?.[2]
    return marker === undefined ? line : ''
  })
}

function closes(line: string, marker: string): boolean {
  const trimmed = line.trim()
  return trimmed.startsWith(marker) && trimmed.replaceAll(marker.charAt(0), '') === ''
}
