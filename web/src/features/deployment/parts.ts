/** `champion` -> `Champion`, `fallback:baseline` -> `Fallback: baseline`. */
export function partName(part: string): string {
  const text = part.replace(':', ': ')
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}

/** The color that a part has in every chart: champion 1, shadow 2, all that is no version 3. */
export function partColor(part: string): 1 | 2 | 3 | 4 {
  if (part === 'champion') return 1
  if (part === 'shadow') return 2
  if (part.startsWith('fallback')) return 3
  return 4
}

/** `psi` -> `PSI`; longer names stay words. */
export function statisticName(statistic: string): string {
  return statistic.length <= 3 ? statistic.toUpperCase() : statistic.replaceAll('_', ' ')
}
