import type { LossCurve } from '../../../../src/http/reports.ts'
import { LineChart, type LineSeries } from '../../charts/index.ts'
import { formatCount, formatFixed } from '../../format/number.ts'

/** A run's curve with the name that it stands under. */
export interface NamedCurve {
  readonly name: string
  readonly curve: LossCurve
}

const words: Readonly<Record<string, string>> = { log_loss: 'Mean log loss' }
const digits = (loss: number): string => formatFixed(loss, 4)

/** Loss after each iteration, of training and of validation rows; of one run, or of two beside each other. */
export function LossChart(props: { readonly curves: readonly NamedCurve[]; readonly over: string }) {
  const { curves, over } = props
  const iterations = [...new Set(curves.flatMap(({ curve }) => curve.points.map(({ iteration }) => iteration)))]
  iterations.sort((one, other) => one - other)
  const series = curves.flatMap(({ name, curve }, place): LineSeries[] => {
    const points = new Map(curve.points.map((point) => [point.iteration, point]))
    const prefix = curves.length > 1 ? `${name}, ` : ''
    const part = (rows: 'train' | 'validation'): LineSeries => ({
      name: `${prefix}${rows === 'train' ? 'training' : 'validation'}`,
      color: place === 0 ? 1 : 2,
      values: iterations.map((iteration) => points.get(iteration)?.[rows] ?? null),
      dashed: rows === 'train',
    })
    return [part('validation'), part('train')].filter(({ values }) => values.some((value) => value !== null))
  })
  const loss = curves[0]?.curve.loss ?? ''
  return (
    <LineChart
      label={`${words[loss] ?? loss} after each iteration${curves.map(({ name, curve }) => bestText(name, curve)).join('')}`}
      x={iterations}
      xKind="number"
      xName="Iteration"
      series={series}
      format={digits}
      formatX={(iteration) => `Iteration ${formatCount(iteration)}`}
      height={260}
      over={over}
    />
  )
}

function bestText(name: string, { points, best_iteration }: LossCurve): string {
  const best = points.find(({ iteration }) => iteration === best_iteration)
  if (best?.validation == null) return ''
  return `; ${name} is best after iteration ${best_iteration} with ${digits(best.validation)} on validation rows`
}
