import { formatValue } from './number.ts'
import { formatInstant } from './time.ts'

/** A value of a row as text: numbers short, times in UTC, null as a word. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'number') return formatValue(value)
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (typeof value === 'string') return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? formatInstant(value) : value
  return JSON.stringify(value)
}

/** An entity's or a moment's key as text: its only value, or all of them with their names. */
export function keyText(key: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(key)
  if (entries.length === 1) return valueText(entries[0]?.[1])
  return entries.map(([name, value]) => `${name} ${valueText(value)}`).join(', ')
}

/** What came true, in words. */
export function outcomeText(label: boolean | number | null, status: string): string {
  if (label === null) return status
  if (label === true || label === 1) return 'true'
  if (label === false || label === 0) return 'false'
  return formatValue(label)
}
