/** A Markdown table. `alignment` has a letter for each column: `l` or `r`. */
export function table(head: readonly string[], alignment: string, rows: readonly (readonly string[])[]): string {
  const line = `|${[...alignment].map((letter) => (letter === 'r' ? '---:|' : '---|')).join('')}`
  return [row(head), line, ...rows.map(row)].join('\n')
}

function row(cells: readonly string[]): string {
  return `|${cells.map((cell) => (cell === '' ? ' ' : ` ${cell.replaceAll('|', '\\|')} `)).join('|')}|`
}

/** `1,234,567` */
export function formatCount(value: number): string {
  if (value > Number.MAX_SAFE_INTEGER) return `about ${value.toExponential(1)}`
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 })
}
