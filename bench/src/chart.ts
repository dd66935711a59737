import type { Bar } from './results.ts'

const barHeight = 15
const labelWidth = 190
const plotWidth = 430

/** Draws a group of bars for each framework and kind of request: kvsession blue, hand-written sessions grey, peers yellow. */
export function drawChart(bars: readonly Bar[]): string {
  const longest = Math.max(1, ...bars.map(({ microseconds }) => microseconds))
  const parts: string[] = []
  let y = 44
  for (const group of new Set(bars.map((bar) => bar.group))) {
    parts.push(drawLabel(8, y, group, 'head'))
    y += 8
    for (const bar of bars.filter((one) => one.group === group)) {
      parts.push(drawBar(bar, y, longest))
      y += barHeight + 3
    }
    y += 24
  }
  const width = labelWidth + plotWidth + 60
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" font-family="system-ui, sans-serif" role="img" aria-label="Microseconds of processor time that sessions add to a request over HTTP">`,
    '<style>text{font-size:12px;fill:#333}.head{font-weight:600}.title{font-size:14px;font-weight:600}</style>',
    `<rect width="${width}" height="${y}" fill="#fff"/>`,
    drawLabel(8, 20, 'Processor time that sessions add to a request, µs (shorter is better)', 'title'),
    ...parts,
    '</svg>',
    ''
  ].join('\n')
}

function drawBar({ subject, microseconds }: Bar, y: number, longest: number): string {
  const width = Math.max(1, (Math.max(microseconds, 0) / longest) * plotWidth)
  const fill = subject.startsWith('kvsession') ? '#1a5fb4' : subject.startsWith('hand-written') ? '#c0c8d0' : '#e5a50a'
  return [
    drawLabel(8, y + 12, subject, subject === 'kvsession' ? 'head' : ''),
    `<rect x="${labelWidth}" y="${y}" width="${width.toFixed(1)}" height="${barHeight}" rx="2" fill="${fill}"/>`,
    drawLabel(labelWidth + width + 6, y + 12, microseconds.toFixed(microseconds < 10 ? 1 : 0), '')
  ].join('')
}

function drawLabel(x: number, y: number, content: string, style: string): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x.toFixed(1)}" y="${y}"${style === '' ? '' : ` class="${style}"`}>${escaped}</text>`
}
