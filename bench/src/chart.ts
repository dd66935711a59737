import type { Bar } from './figures.ts'

const barHeight = 15
const labelWidth = 250
const plotWidth = 430
const longest = 60

/** The cost of reading requests, by framework: ours dark, the others light. Bars that would leave the picture are cut. */
export function drawChart(bars: readonly Bar[]): string {
  const frameworks = [...new Set(bars.map(({ framework }) => framework))]
  const parts: string[] = []
  let y = 44
  for (const framework of frameworks) {
    for (const act of ['read', 'write']) {
      parts.push(text(8, y, `${framework}, ${act}`, 'head'))
      y += 8
      for (const bar of bars.filter((one) => one.framework === framework && one.act === act)) {
        parts.push(drawBar(bar, y))
        y += barHeight + 3
      }
      y += 24
    }
  }
  const width = labelWidth + plotWidth + 90
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" font-family="system-ui, sans-serif" role="img" aria-label="Microseconds of processor time that sessions add to a request">`,
    '<style>text{font-size:12px;fill:#333}.head{font-weight:600}.title{font-size:14px;font-weight:600}</style>',
    `<rect width="${width}" height="${y}" fill="#fff"/>`,
    text(8, 20, 'What sessions add to a request: µs of processor time, 300 B of data (shorter is better)', 'title'),
    ...parts,
    '</svg>',
    ''
  ].join('\n')
}

function drawBar({ subject, microseconds }: Bar, y: number): string {
  if (!Number.isFinite(microseconds)) return text(8, y + 12, `${subject}: not possible`, '')
  const width = Math.max(1, (Math.min(Math.max(microseconds, 0), longest) / longest) * plotWidth)
  const fill = subject === 'kvsession' ? '#1a5fb4' : subject.startsWith('floor') ? '#c0c8d0' : '#e5a50a'
  const shown = `${microseconds.toFixed(microseconds < 10 ? 1 : 0)}${microseconds > longest ? ' →' : ''}`
  return [
    text(8, y + 12, subject, subject === 'kvsession' ? 'head' : ''),
    `<rect x="${labelWidth}" y="${y}" width="${width.toFixed(1)}" height="${barHeight}" rx="2" fill="${fill}"/>`,
    text(labelWidth + width + 6, y + 12, shown, '')
  ].join('')
}

function text(x: number, y: number, words: string, style: string): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x.toFixed(1)}" y="${y}"${style === '' ? '' : ` class="${style}"`}>${escaped}</text>`
}
