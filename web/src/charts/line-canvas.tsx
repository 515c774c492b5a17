import { useEffect, useState } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { useTheme } from '../layout/theme.tsx'
import type { LineChartProps, LineSeries } from './line-chart.tsx'
import { useWidth } from './size.ts'

type CanvasProps = LineChartProps & Required<Pick<LineChartProps, 'height' | 'format' | 'formatX' | 'xKind'>>

interface Pointed {
  readonly index: number
  readonly left: number
}

/** Draws the lines. A canvas knows no tokens, so it is drawn again when the theme changes. */
export default function LineCanvas(props: CanvasProps) {
  const { x, series, format, formatX, height } = props
  const [holder, width] = useWidth<HTMLDivElement>()
  const theme = useTheme()
  const [pointed, setPointed] = useState<Pointed | null>(null)
  useEffect(() => {
    const element = holder.current
    if (element === null || width === 0) return
    const plot = new uPlot(optionsOf(props, element, width, setPointed), dataOf(props), element)
    return () => {
      setPointed(null)
      plot.destroy()
    }
  }, [holder, width, theme, props])
  const at = pointed === null ? undefined : x[pointed.index]
  return (
    <div className="relative" style={{ height }}>
      <div ref={holder} style={{ height }} />
      {pointed === null || at === undefined ? null : (
        <div
          className="pointer-events-none absolute top-1 z-10 rounded-lg border border-line bg-surface px-2.5 py-1.5 text-xs shadow-raised"
          style={pointed.left > width / 2 ? { right: width - pointed.left + 12 } : { left: pointed.left + 12 }}
        >
          <div className="mb-0.5 whitespace-nowrap text-muted">{formatX(at)}</div>
          {series.map((one) => (
            <div key={one.name} className="flex items-center justify-between gap-4 whitespace-nowrap">
              <span className="flex items-center gap-1.5">
                <span className="size-2 rounded-full" style={{ background: `var(--series-${one.color})` }} />
                {one.name}
              </span>
              <span className="figure font-medium">{valueText(one, pointed.index, format)}</span>
            </div>
          ))}
        </div>
      )}
    </div>
  )
}

function valueText(one: LineSeries, index: number, format: (value: number) => string): string {
  const [value, low, high] = [one.values[index], one.low?.[index], one.high?.[index]]
  if (value == null) return '–'
  return low == null || high == null ? format(value) : `${format(value)} (${format(low)} – ${format(high)})`
}

/** uPlot counts time in seconds; an interval is two more lines, undrawn, with a band between them. */
function dataOf({ x, xKind, series }: CanvasProps): uPlot.AlignedData {
  const lists = series.flatMap(({ values, low, high }) =>
    low === undefined || high === undefined ? [[...values]] : [[...values], [...high], [...low]],
  )
  return [xKind === 'time' ? x.map((ms) => ms / 1000) : [...x], ...lists]
}

function optionsOf(
  props: CanvasProps,
  element: HTMLElement,
  width: number,
  onPoint: (pointed: Pointed | null) => void,
): uPlot.Options {
  const { x, xKind, series, format, height, yMin, yMax } = props
  const style = getComputedStyle(element)
  const token = (name: string) => style.getPropertyValue(name).trim()
  const font = `11px ${style.fontFamily}`
  const axis = { stroke: token('--faint'), font, ticks: { stroke: token('--line'), size: 4 } }
  // A line of few points shows them, one of many is a line.
  const dots = x.length <= Math.max(40, width / 16)
  const bands: uPlot.Band[] = []
  const drawn: uPlot.Series[] = [{}]
  for (const { color, low, high, dashed, area } of series) {
    const stroke = token(`--series-${color}`)
    drawn.push({
      stroke,
      width: 2,
      points: { show: dots, size: 5, fill: stroke },
      ...(dashed ? { dash: [6, 4] } : {}),
      ...(area ? { fill: `color-mix(in srgb, ${stroke} 14%, transparent)` } : {}),
    })
    if (low === undefined || high === undefined) continue
    const hidden: uPlot.Series = { stroke: 'transparent', width: 0, points: { show: false } }
    bands.push({
      series: [drawn.length, drawn.length + 1],
      fill: `color-mix(in srgb, ${stroke} 16%, transparent)`,
    })
    drawn.push({ ...hidden }, { ...hidden })
  }
  return {
    width,
    height,
    padding: [8, 18, 0, 0],
    series: drawn,
    bands,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    scales: {
      x: { time: xKind === 'time' },
      y: {
        range: (_plot, least, most) => {
          if (least === null || most === null) return [yMin ?? 0, yMax ?? 1]
          const pad = (most - least || Math.abs(most) || 1) * 0.08
          const low = yMin !== undefined && yMin <= least ? yMin : least - pad
          const high = yMax !== undefined && yMax >= most ? yMax : most + pad
          return [low, high]
        },
      },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 64,
        size: 30,
        ...(xKind === 'time' ? { values: timeTexts, ...(daily(x) ? { incrs: dayIncrements } : {}) } : {}),
      },
      {
        ...axis,
        grid: { stroke: token('--line'), width: 1 },
        values: (_plot, values) => values.map((value) => format(value)),
        size: (plot, texts) => (texts === null ? 44 : Math.max(...texts.map((text) => widthOf(plot, text, font))) + 16),
      },
    ],
    hooks: {
      setCursor: [
        ({ cursor: { idx, left }, bbox }) => {
          if (idx == null || left === undefined || left < 0) onPoint(null)
          else onPoint({ index: idx, left: left + bbox.left / devicePixelRatio })
        },
      ],
    },
  }
}

/** Days where the step is a day or more, times of the day else, with the day where it begins. */
const timeTexts: uPlot.Axis.DynamicValues = (_plot, splits, _axis, _space, step) =>
  splits.map((seconds) => {
    const iso = new Date(seconds * 1000).toISOString()
    const day = `${Number(iso.slice(8, 10))} ${monthNames[Number(iso.slice(5, 7)) - 1]}`
    return step >= 86_400 || iso.slice(11, 16) === '00:00' ? day : iso.slice(11, 16)
  })

const dayIncrements = [1, 2, 7, 14, 28, 91, 182, 364].map((days) => days * 86_400)

/** Whether no two points lie closer than a day: then no time of the day is named. */
const daily = (x: readonly number[]): boolean =>
  x.length > 1 && x.every((at, index) => index === 0 || at - (x[index - 1] ?? at) >= 86_400_000)

const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function widthOf({ ctx }: uPlot, text: string, font: string): number {
  ctx.save()
  ctx.font = font
  const { width } = ctx.measureText(text)
  ctx.restore()
  return width
}
