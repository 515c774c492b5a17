/** One column of a text table: its title, and on which side its cells end. */
export interface TextColumnSpec {
  readonly title: string
  readonly align?: 'left' | 'right'
}

/** Rows of cells as aligned lines under titles and a rule, each indented by two spaces. */
export function textTable(columns: readonly TextColumnSpec[], rows: readonly (readonly string[])[]): string[] {
  const titles = columns.map(({ title }) => title)
  const widths = columns.map((_, at) => Math.max(...[titles, ...rows].map((cells) => width(cells[at] ?? ''))))
  const line = (cells: readonly string[]) =>
    `  ${cells
      .map((cell, at) => {
        const blank = ' '.repeat(widths[at]! - width(cell))
        return columns[at]!.align === 'right' ? blank + cell : cell + blank
      })
      .join('  ')}`.trimEnd()
  return [line(titles), `  ${widths.map((count) => '-'.repeat(count)).join('  ')}`, ...rows.map(line)]
}

/** How many characters a text takes, where each code point takes one. */
function width(text: string): number {
  return [...text].length
}

/** A whole number with a comma between thousands. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}

/** A number with fixed digits; `-` where there is none. */
export function formatNumber(value: number | null, digits = 3): string {
  return value === null ? '-' : value.toFixed(digits)
}

/** A value and its interval, `0.731 [0.722, 0.740]`; without the interval where there is none. */
export function formatInterval(value: number | null, low: number | null, high: number | null, digits = 3): string {
  if (value === null || low === null || high === null) return formatNumber(value, digits)
  return `${formatNumber(value, digits)} [${formatNumber(low, digits)}, ${formatNumber(high, digits)}]`
}

/** A share in percent, rounded towards the middle: only all is 100 %, and only none is 0 %. `-` of nothing. */
export function formatShare(count: number, all: number): string {
  if (all === 0) return '-'
  if (count === all) return '100 %'
  if (count === 0) return '0 %'
  const hundredths = Math.min(9_999, Math.max(1, Math.round((count / all) * 10_000)))
  return `${(hundredths / 100).toFixed(2)} %`
}
