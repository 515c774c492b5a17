import type { InputSpec } from '../define/index.ts'
import { binRows, type ColumnProfile, momentsOf } from '../train/column-bins.ts'
import type { TrainingProfile } from '../train/training-profile.ts'
import { type Column, type DtypeName, formatInstant, type Table, takeColumn } from '../values/index.ts'
import type { ColumnDrift, DeploymentDrift, DriftBin, DriftOrigin } from './drift-report.ts'
import type { TrainingNulls } from './feature-health.ts'
import { groupRows, utcDay } from './occurrence.ts'
import { driftStatistics } from './population-stability.ts'
import { numberColumn, servedFeatures, textAt, textColumn } from './prediction-columns.ts'

/** What a version was trained on, and where its inputs come from. */
export interface VersionTraining {
  readonly inputs: readonly InputSpec[]
  readonly profile: TrainingProfile
}

/**
 * The drift of every deployment of a predictions table whose champion has a training profile (`model:number` -> what it was
 * trained on). Inputs are those of all answers to callers, fallbacks included; scores are the champion's own.
 */
export function measureDrift(table: Table, versions: ReadonlyMap<string, VersionTraining>): DeploymentDrift[] {
  const [deployment, arm] = [textColumn(table, 'deployment'), textColumn(table, 'arm')]
  const [version, answeredBy] = [textColumn(table, 'version'), textColumn(table, 'answered_by')]
  const at = numberColumn(table, 'at')
  const championAt = (row: number) => (textAt(answeredBy, row) === 'champion' ? textAt(version, row) : null)
  const answered = Array.from({ length: table.rows }, (_, row) => row).filter((row) => textAt(arm, row) === 'champion')
  return groupRows(answered, (row) => textAt(deployment, row) ?? '').flatMap(([name, list]) => {
    // Rows are in order of their moments.
    const last = list.findLast((row) => championAt(row) !== null)
    const champion = last === undefined ? null : championAt(last)
    const trained = champion === null ? undefined : versions.get(champion)
    if (champion === null || trained === undefined) return []
    const rows = Uint32Array.from(list)
    const days = dayRanges(at, rows)
    const inputs = trained.inputs.flatMap((input, place) => {
      const profile = trained.profile.inputs[place]
      const served = servedColumn(table, input, rows)
      return profile === undefined || served === null
        ? []
        : [columnDrift(profile, originOf(input), served, dayRanges(at, served.rows))]
    })
    const scored = rows.filter((row) => championAt(row) === champion)
    const scores: Served = { rows: scored, column: { type: 'float', values: numberColumn(table, 'probability') } }
    return [
      {
        deployment: name,
        model: textAt(textColumn(table, 'model'), rows[0]!) ?? '',
        version: champion,
        rows: rows.length,
        from: formatInstant(at[rows[0]!]!),
        to: formatInstant(at[rows.at(-1)!]!),
        day_count: days.length,
        inputs,
        score: columnDrift(trained.profile.score, { kind: 'score' }, scores, dayRanges(at, scored)),
      },
    ]
  })
}

/** How often each feature of a version was null in training. */
export function profileNulls({ inputs, profile }: VersionTraining): TrainingNulls[] {
  return inputs.flatMap((input, place) => {
    const column = profile.inputs[place]
    if (input.input !== 'feature' || column === undefined) return []
    const { role, view, feature } = input
    return [{ role, view, feature, rows: column.rows, nulls: column.missing }]
  })
}

/** A column of the predictions table and the rows of it that were served for an input. */
interface Served {
  readonly column: Column
  readonly rows: Uint32Array
}

/** Places of one day: `begin <= place < end`. */
interface DayRange {
  readonly day: string
  readonly begin: number
  readonly end: number
}

const dayMs = 86_400_000

function dayRanges(at: Float64Array, rows: Uint32Array): DayRange[] {
  const ranges: DayRange[] = []
  for (let begin = 0; begin < rows.length; ) {
    const until = (Math.floor(at[rows[begin]!]! / dayMs) + 1) * dayMs
    let end = begin + 1
    while (end < rows.length && at[rows[end]!]! < until) end++
    ranges.push({ day: utcDay(at[rows[begin]!]!), begin, end })
    begin = end
  }
  return ranges
}

/** The served values of an input; of a feature those that mean what the version was trained on, whatever it is called now. */
function servedColumn(table: Table, input: InputSpec, rows: Uint32Array): Served | null {
  if (input.input === 'feature') {
    for (const { role, values, digests, statuses } of servedFeatures(table)) {
      const code = digests.dictionary.indexOf(input.digest)
      if (role !== input.role || code < 0) continue
      const same = rows.filter((row) => digests.codes[row] === code && statuses.codes[row]! >= 0)
      if (same.length > 0) return { column: values, rows: same }
    }
    return null
  }
  const name = input.input === 'derive' ? `derived:${input.name}` : referenceColumn(input.reference)
  const column = table.columns[`${name}:${input.type}`] ?? table.columns[name]
  return column === undefined ? null : { column, rows }
}

function referenceColumn(reference: Extract<InputSpec, { input: 'reference' }>['reference']): string {
  switch (reference.reference) {
    case 'at':
      return 'at'
    case 'entity':
      return `role:${reference.role}:${reference.column}`
    default:
      return `${reference.reference}:${reference.field}`
  }
}

function originOf(input: InputSpec): DriftOrigin {
  if (input.input === 'feature') return { kind: 'feature', role: input.role, feature: `${input.view}:${input.feature}` }
  if (input.input === 'derive') return { kind: 'derive', name: input.name }
  return { kind: input.reference.reference, name: input.column }
}

function columnDrift(
  profile: ColumnProfile,
  from: DriftOrigin,
  { column, rows }: Served,
  days: readonly DayRange[],
): ColumnDrift {
  const served = takeColumn(column, rows)
  const bins = binRows(profile.bins, served, rows.length)
  const training = [...profile.counts, profile.missing]
  const total = new Array<number>(training.length).fill(0)
  const byDay = days.map(({ day, begin, end }) => {
    const counts = new Array<number>(training.length).fill(0)
    for (let place = begin; place < end; place++) counts[bins[place]!]!++
    for (const [bin, count] of counts.entries()) total[bin]! += count
    return { day, rows: end - begin, missing: counts.at(-1)!, ...driftStatistics(training, counts) }
  })
  const { mean, min, max } = profile
  return {
    column: profile.column,
    type: profile.type,
    from,
    ...driftStatistics(training, total),
    bins: driftBins(profile, training, total),
    training: { rows: profile.rows, missing: profile.missing, mean, min, max },
    served: { rows: rows.length, missing: total.at(-1)!, ...momentsOf(served, rows.length) },
    days: byDay,
  }
}

function driftBins({ bins, type }: ColumnProfile, training: readonly number[], served: readonly number[]): DriftBin[] {
  const counts = (i: number) => ({ training: training[i]!, served: served[i]! })
  const missing: DriftBin = { bin: 'missing', ...counts(training.length - 1) }
  if (bins.kind === 'ranges') {
    const found = [...bins.edges, null].map(
      (edge, i): DriftBin => ({ bin: 'range', above: bins.edges[i - 1] ?? null, up_to: edge, ...counts(i) }),
    )
    return [...found, missing]
  }
  const texts = bins.kind === 'categories' ? bins.categories : bins.values.map((value) => textOf(type, value))
  const found = texts.map((category, i): DriftBin => ({ bin: 'category', category, ...counts(i) }))
  return [...found, { bin: 'other', ...counts(texts.length) }, missing]
}

/** A number of a column as people read it. */
function textOf(type: DtypeName, value: number): string {
  if (type === 'bool') return String(value === 1)
  return type === 'timestamp' ? formatInstant(value) : String(value)
}
