import type { Point } from './figures.ts'

const [left, top, width, height] = [56, 40, 520, 240]
const highest = 2
const target = 1.2
const colours = ['#1a5fb4', '#e5a50a', '#26a269', '#a51d2d', '#813d9c']

/** By how much our part of a reading request grows with the number of sessions, by engine; the target as a line. */
export function drawCurves(points: readonly Point[]): string {
  const sizes = points.map(({ sessions }) => sessions)
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)]
  const x = (sessions: number): number =>
    Math.round(left + (Math.log10(sessions / least) / Math.log10(most / least)) * width)
  const names = [...new Set(points.map(({ curve }) => curve))]
  const lines = names.map((name, index) => {
    const mine = points.filter(({ curve }) => curve === name).sort((a, b) => a.sessions - b.sessions)
    const colour = colours[index % colours.length]
    const path = mine.map(({ sessions, growth }) => `${x(sessions)},${y(growth)}`).join(' ')
    const dots = mine.map(
      ({ sessions, growth }) => `<circle cx="${x(sessions)}" cy="${y(growth)}" r="3" fill="${colour}"/>`
    )
    return [
      `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}`,
      `<text x="${left + width + 16}" y="${top + 14 + index * 20}" class="name" style="fill:${colour}">${name}</text>`
    ].join('')
  })
  const marks = Array.from(new Set(sizes), (sessions) =>
    text(x(sessions), top + height + 18, sessions.toLocaleString('en'), 'middle')
  )
  const steps = [0, 0.5, 1, 1.5, 2].map(
    (growth) =>
      `<line x1="${left}" x2="${left + width}" y1="${y(growth)}" y2="${y(growth)}" stroke="#ddd"/>${text(left - 8, y(growth) + 4, `× ${growth}`, 'end')}`
  )
  const [wide, high] = [left + width + 130, top + height + 34]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${wide} ${high}" width="${wide}" height="${high}" font-family="system-ui, sans-serif" role="img" aria-label="Growth of a reading request with the number of sessions">`,
    '<style>text{font-size:12px;fill:#333}.name{font-weight:600}</style>',
    `<rect width="${wide}" height="${high}" fill="#fff"/>`,
    text(
      8,
      20,
      'A reading request with more sessions in the store, against few (the engine’s own part taken off)',
      'start'
    ),
    ...steps,
    ...marks,
    `<line x1="${left}" x2="${left + width}" y1="${y(target)}" y2="${y(target)}" stroke="#c01c28" stroke-dasharray="5 4"/>`,
    ...lines,
    '</svg>',
    ''
  ].join('\n')
}

function y(growth: number): number {
  return Math.round(top + height - (Math.min(Math.max(growth, 0), highest) / highest) * height)
}

function text(atX: number, atY: number, words: string, anchor: string): string {
  return `<text x="${atX}" y="${atY}" text-anchor="${anchor}">${words}</text>`
}
