/** Median and quartiles of several measurements. */
export interface Spread {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** The value below which `share` (0 to 1) of the numbers lie; `NaN` for an empty list. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = Float64Array.from(numbers).sort()
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

export function median(numbers: readonly number[]): number {
  return quantile(numbers, 0.5)
}

export function spreadOf(numbers: readonly number[]): Spread {
  return { median: median(numbers), low: quantile(numbers, 0.25), high: quantile(numbers, 0.75) }
}

/** Two significant digits below 100, whole numbers above. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  if (size >= 100) return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',')
  if (size >= 10) return value.toFixed(0)
  return value.toFixed(size >= 1 ? 1 : 2)
}

/** `4.1 (3.9–4.4)` */
export function formatSpread({ median: middle, low, high }: Spread): string {
  return Number.isFinite(middle) ? `${formatNumber(middle)} (${formatNumber(low)}–${formatNumber(high)})` : '–'
}

/** Milliseconds: `0.12 / 4.1`, median and 99th percentile. */
export function formatLatency(times: readonly number[]): string {
  return `${formatNumber(median(times))} / ${formatNumber(quantile(times, 0.99))}`
}
