import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Graphviz } from '@hpcc-js/wasm-graphviz'
import { type FurnishedRoom, readCore } from './layers.ts'

/** Where the picture lies, below the root. */
export const mapPath = 'docs/map-of-core.svg'

/** The lowest room: nearly every room imports it, so its arrows would hide the others. */
const floor = 'floor'
/** In characters: wide enough for two or three files, narrow enough for a telephone. */
const lineLength = 44

/** Draws rooms as boxes from top to bottom and their imports as arrows, always the same for the same rooms. */
export async function drawMap(rooms: readonly FurnishedRoom[]): Promise<string> {
  const graphviz = await Graphviz.load()
  return restyle(graphviz.dot(writeDot(rooms)))
}

function writeDot(rooms: readonly FurnishedRoom[]): string {
  const names = rooms.map(({ name }) => name)
  return [
    'digraph {',
    'graph [ranksep=0.3, nodesep=0.15, pad=0.05, bgcolor=transparent]',
    'node [shape=plain, fontname=Helvetica, fontsize=13]',
    'edge [arrowsize=0.7]',
    ...rooms.map((room) => `"${room.name}" [class=room, label=<${labelOf(room)}>]`),
    `${names.map((name) => `"${name}"`).join(' -> ')} [style=invis, weight=100]`,
    ...rooms.flatMap((room) => arrowsOf(room, rooms)),
    '}'
  ].join('\n')
}

function labelOf({ name, purpose, files }: FurnishedRoom): string {
  const lines = [`<b>${name}</b>   <i>${purpose}</i>`, ...wrap(files.map(nameOf))]
  const cell = `<td width="310" cellpadding="7" balign="left" align="left">${lines.join('<br/>')}</td>`
  return `<table border="1" cellborder="0" cellspacing="0" style="rounded"><tr>${cell}</tr></table>`
}

/** As a reader calls a file: without its folder and without `.ts`. */
function nameOf(file: string): string {
  return file.slice(file.indexOf('/') + 1).replace(/\.ts$/, '')
}

function wrap(words: readonly string[]): string[] {
  const lines: string[] = []
  for (const word of words) {
    const longer = `${lines.at(-1)}, ${word}`
    if (lines.length > 0 && longer.length <= lineLength) lines.splice(-1, 1, longer)
    else lines.push(word)
  }
  return lines
}

/** Leaves out the arrows to the floor, and those that a way through other rooms already shows. */
function arrowsOf({ name, imports }: FurnishedRoom, rooms: readonly FurnishedRoom[]): string[] {
  const place = (room: string): number => rooms.findIndex((one) => one.name === room)
  const below = (room: string): string[] =>
    (rooms[place(room)]?.imports ?? []).filter((other) => place(other) > place(room))
  const leadsTo = (from: string, to: string): boolean => below(from).some((next) => next === to || leadsTo(next, to))
  return imports.flatMap((other) => {
    const arrow = `"${name}" -> "${other}"`
    if (place(other) < place(name)) return [`${arrow} [class=upward, constraint=false]`]
    const shown = below(name).some((next) => leadsTo(next, other))
    return other === floor || shown ? [] : [arrow]
  })
}

const style = `
  text { font: 13px Helvetica, Arial, sans-serif; fill: #24292f }
  text[font-weight] { font-weight: bold }
  text[font-style] { fill: #57606a }
  .room path, .room polygon { fill: #eef4fb; stroke: #5b7ea6 }
  .edge path { fill: none; stroke: #57606a }
  .edge polygon { fill: #57606a; stroke: #57606a }
  .upward path { stroke: #cf222e; stroke-dasharray: 4 3 }
  .upward polygon { fill: #cf222e; stroke: #cf222e }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    text[font-style] { fill: #9ea7b1 }
    .room path, .room polygon { fill: #161f2b; stroke: #5f87b5 }
    .edge path { stroke: #9ea7b1 }
    .edge polygon { fill: #9ea7b1; stroke: #9ea7b1 }
    .upward path { stroke: #ff7b72 }
    .upward polygon { fill: #ff7b72; stroke: #ff7b72 }
  }
`

/** Takes out what Graphviz paints, and puts classes for both colour schemes in its place. */
function restyle(drawn: string): string {
  return drawn
    .slice(drawn.indexOf('<svg'))
    .replace(/<!--.*?-->\n/gs, '')
    .replace(/<title>.*?<\/title>\n/g, '')
    .replace(/ (?:fill|stroke|font-family|font-size|xml:space|xmlns:xlink|id)="[^"]*"/g, '')
    .replace(/(width|height)="([\d.]+)pt"/g, '$1="$2"')
    .replace(
      /(<svg[^>]*)>/,
      `$1 role="img" aria-label="The rooms of core from top to bottom, and their imports">\n<style>${style}</style>`
    )
}

if (process.argv[1] === import.meta.filename) {
  const root = process.cwd()
  writeFileSync(join(root, mapPath), await drawMap(readCore(root)))
}
