import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Graphviz } from '@hpcc-js/wasm-graphviz'
import { type LayerContents, readCore } from './layers.ts'

/** The path of the picture from the root. */
export const mapPath = 'docs/map-of-core.svg'

/** Nearly every layer imports the lowest one, so its arrows would hide the others. */
const base = 'base'
/** In characters: enough for two or three files, and narrow enough for a phone. */
const lineLength = 44

/** Draws layers as boxes from top to bottom and their imports as arrows, always the same for the same layers. */
export async function drawMap(layers: readonly LayerContents[]): Promise<string> {
  const graphviz = await Graphviz.load()
  return restyle(graphviz.dot(writeDot(layers)))
}

function writeDot(layers: readonly LayerContents[]): string {
  const names = layers.map(({ name }) => name)
  return [
    'digraph {',
    'graph [ranksep=0.3, nodesep=0.15, pad=0.05, bgcolor=transparent]',
    'node [shape=plain, fontname=Helvetica, fontsize=13]',
    'edge [arrowsize=0.7]',
    ...layers.map((layer) => `"${layer.name}" [class=layer, label=<${labelOf(layer)}>]`),
    `${names.map((name) => `"${name}"`).join(' -> ')} [style=invis, weight=100]`,
    ...layers.flatMap((layer) => arrowsOf(layer, layers)),
    '}'
  ].join('\n')
}

function labelOf({ name, purpose, files }: LayerContents): string {
  const lines = [`<b>${name}</b>   <i>${purpose}</i>`, ...wrap(files.map(nameOf))]
  const cell = `<td width="310" cellpadding="7" balign="left" align="left">${lines.join('<br/>')}</td>`
  return `<table border="1" cellborder="0" cellspacing="0" style="rounded"><tr>${cell}</tr></table>`
}

/** The name of a file without its folder and without `.ts`. */
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

/** Omits the arrows to the lowest layer, and those that a path through other layers implies. */
function arrowsOf({ name, imports }: LayerContents, layers: readonly LayerContents[]): string[] {
  const index = (layer: string): number => layers.findIndex((one) => one.name === layer)
  const below = (layer: string): string[] =>
    (layers[index(layer)]?.imports ?? []).filter((other) => index(other) > index(layer))
  const leadsTo = (from: string, to: string): boolean => below(from).some((next) => next === to || leadsTo(next, to))
  return imports.flatMap((other) => {
    const arrow = `"${name}" -> "${other}"`
    if (index(other) < index(name)) return [`${arrow} [class=upward, constraint=false]`]
    const shown = below(name).some((next) => leadsTo(next, other))
    return other === base || shown ? [] : [arrow]
  })
}

const style = readFileSync(join(import.meta.dirname, 'map.css'), 'utf8')

/** Replaces the colours of Graphviz by classes for both colour schemes. */
function restyle(drawn: string): string {
  return drawn
    .slice(drawn.indexOf('<svg'))
    .replace(/<!--.*?-->\n/gs, '')
    .replace(/<title>.*?<\/title>\n/g, '')
    .replace(/ (?:fill|stroke|font-family|font-size|xml:space|xmlns:xlink|id)="[^"]*"/g, '')
    .replace(/(width|height)="([\d.]+)pt"/g, '$1="$2"')
    .replace(
      /(<svg[^>]*)>/,
      `$1 role="img" aria-label="The layers of core from top to bottom, and their imports">\n<style>\n${style}</style>`
    )
}

if (process.argv[1] === import.meta.filename) {
  const root = process.cwd()
  writeFileSync(join(root, mapPath), await drawMap(readCore(root)))
}
