/** Figures as text. All of them are for people: a dash where there is no value, thousands apart, one manner of intervals. */

const missing = '–'

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** `29,569` */
export function formatCount(value: number | null | undefined): string {
  return value === null || value === undefined ? missing : whole.format(value)
}

/** `29.6k`, `1.2M`: where space is short and the whole count stands elsewhere. */
export function formatShortCount(value: number | null | undefined): string {
  if (value === null || value === undefined) return missing
  return new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 })
    .format(value)
    .replace('K', 'k')
}

/** A number with as many decimals as given: `0.737`. */
export function formatFixed(value: number | null | undefined, decimals = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return missing
  const text = value.toFixed(decimals)
  return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text
}

/** About three significant digits, for values of any size: `0.00412`, `17.3`, `1,240`. */
export function formatValue(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return missing
  const size = Math.abs(value)
  if (Number.isInteger(value) && size < 1e15) return whole.format(value)
  if (size >= 1000) return whole.format(value)
  if (size >= 0.001) return String(Number(value.toPrecision(3)))
  return size === 0 ? '0' : value.toExponential(2)
}

/** A share of one as percent: `97.3 %`. Shares that are nearly, but not, all or none never read so. */
export function formatShare(share: number | null | undefined, decimals = 1): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return missing
  const percent = share * 100
  const least = 10 ** -decimals
  if (percent > 0 && percent < least) return `< ${least} %`
  if (percent < 100 && percent > 100 - least) return `> ${(100 - least).toFixed(decimals)} %`
  return percent === 0 || percent === 100 ? `${percent} %` : `${percent.toFixed(decimals)} %`
}

/** The two ends of an interval: `(0.727 – 0.734)`; empty where there is none. */
export function formatRange(
  low: number | null | undefined,
  high: number | null | undefined,
  format: (value: number) => string = formatFixed,
): string {
  if (low === null || low === undefined || high === null || high === undefined) return ''
  return `(${format(low)} – ${format(high)})`
}

/** A figure with its interval where it has one: `0.730 (0.727 – 0.734)`. */
export function formatInterval(
  value: number | null | undefined,
  low: number | null | undefined,
  high: number | null | undefined,
  format: (value: number) => string = formatFixed,
): string {
  if (value === null || value === undefined) return missing
  const range = formatRange(low, high, format)
  return range === '' ? format(value) : `${format(value)} ${range}`
}

/** A difference with its sign: `+0.031`. */
export function formatDifference(value: number | null | undefined, decimals = 3): string {
  if (value === null || value === undefined) return missing
  const text = formatFixed(value, decimals)
  return value > 0 && !/^0(\.0*)?$/.test(text) ? `+${text}` : text.replace('-', '−')
}

/** Milliseconds as people say them: `0.42 ms`, `5.1 ms`, `18 ms`, `1.2 s`. */
export function formatMilliseconds(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return missing
  if (ms < 10) return `${Number(ms.toPrecision(2))} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  return formatSeconds(ms / 1000)
}

/** Seconds as people say them: `1.2 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatSeconds(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return missing
  if (seconds < 60) return `${Number(seconds.toFixed(seconds < 10 ? 1 : 0))} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** `1 row`, `29,569 rows`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}
