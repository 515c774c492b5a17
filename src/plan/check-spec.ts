import type { CheckSpec, InputSpec, MetricName, MomentSpec } from '../define/index.ts'
import { isNoonmarkError } from '../errors.ts'
import { jsonValue, parseValue } from '../values/index.ts'
import { isOneOf, listed, mistake, type Place } from './mistake.ts'
import { momentColumns } from './moment-columns.ts'

const metrics: readonly MetricName[] = ['auc', 'log_loss', 'brier']

/** What checks are held against. */
export interface CheckedModel {
  readonly moment: MomentSpec
  readonly inputs: readonly InputSpec[]
  readonly hasBaseline: boolean
}

/**
 * The checks of a model as they go into the manifest, held against its inputs.
 * @throws definition_invalid naming the check
 */
export function checkSpecs(place: Place, checks: readonly CheckSpec[], model: CheckedModel): CheckSpec[] {
  const names = new Set<string>()
  return checks.map((check, index) => {
    const field = `checks[${index}]`
    switch (check?.check) {
      case 'beats_baseline':
        checkMetric(place, field, check.metric)
        if (!Number.isFinite(check.by) || check.by < 0)
          throw mistake(place, `${field}.by`, 'is not a number of 0 or more', 'Give the margin: { by: 0.03 }.')
        if (!model.hasBaseline)
          throw mistake(place, field, 'needs a baseline, and the model has none', 'Give the model a baseline.')
        return check
      case 'slice':
        checkMetric(place, field, check.metric)
        checkSlice(place, field, check, model)
        return check
      case 'example':
        if (names.has(check.name))
          throw mistake(place, field, `has the name of another example: '${check.name}'`, 'Rename one of them.')
        names.add(check.name)
        return exampleSpec(place, field, check, model.inputs)
      case 'leakage':
        checkLeakage(place, field, check)
        return check
      default:
        throw mistake(
          place,
          field,
          'is not a check',
          "Write beatsBaseline('auc', { by }), slice('origin').noWorseThanChampion('auc', tolerance), example(...) or noLeakage().",
        )
    }
  })
}

function checkMetric(place: Place, field: string, metric: unknown): void {
  if (isOneOf(metrics, metric)) return
  throw mistake(place, `${field}.metric`, `is not a metric: '${String(metric)}'`, `Metrics are ${listed(metrics)}.`)
}

type SliceSpec = Extract<CheckSpec, { check: 'slice' }>

function checkSlice(place: Place, field: string, check: SliceSpec, { moment, inputs }: CheckedModel): void {
  const columns = [
    ...new Set([...momentColumns(moment).map(({ name }) => name), ...inputs.map(({ column }) => column)]),
  ]
  if (!columns.includes(check.column)) {
    throw mistake(
      place,
      `${field}.column`,
      `is neither an input nor a column of the moment: '${check.column}'`,
      `Slice by one of ${listed(columns)}.`,
    )
  }
  if (!Number.isFinite(check.tolerance) || check.tolerance < 0)
    throw mistake(place, `${field}.tolerance`, 'is not a number of 0 or more', 'Give how much worse is allowed: 0.02.')
  if (!Number.isSafeInteger(check.minRows) || check.minRows < 1)
    throw mistake(place, `${field}.minRows`, 'is not a whole number of 1 or more', 'Give a number of rows: 200.')
}

type ExampleSpec = Extract<CheckSpec, { check: 'example' }>

function exampleSpec(place: Place, field: string, check: ExampleSpec, inputs: readonly InputSpec[]): ExampleSpec {
  if (typeof check.name !== 'string' || check.name === '')
    throw mistake(place, `${field}.name`, 'is empty', 'Say what the example shows.')
  const row: Record<string, unknown> = {}
  for (const [column, value] of Object.entries(check.row)) {
    const input = inputs.find((candidate) => candidate.column === column)
    const at = `${field} '${check.name}' row.${column}`
    if (input === undefined) {
      throw mistake(
        place,
        at,
        'is not an input of the model',
        `The inputs are ${listed(inputs.map((candidate) => candidate.column))}.`,
      )
    }
    try {
      row[column] = jsonValue(input.type, parseValue(input.type, value, at))
    } catch (error) {
      if (!isNoonmarkError(error)) throw error
      throw mistake(place, at, `is not a value of type ${input.type}`, error.hint)
    }
  }
  const { atLeast, atMost } = check.probability
  const bounds = [atLeast, atMost].filter((bound) => bound !== undefined)
  const within = bounds.every((bound) => typeof bound === 'number' && bound >= 0 && bound <= 1)
  if (bounds.length === 0 || !within || (atLeast ?? 0) > (atMost ?? 1)) {
    throw mistake(
      place,
      `${field} '${check.name}' probability`,
      'has no bounds that a probability can keep',
      'Give atLeast, atMost or both, between 0 and 1: { atLeast: 0.3 }.',
    )
  }
  return { ...check, row }
}

function checkLeakage(place: Place, field: string, check: Extract<CheckSpec, { check: 'leakage' }>): void {
  if (!Number.isSafeInteger(check.sampleRows) || check.sampleRows < 0)
    throw mistake(place, `${field}.sampleRows`, 'is not a whole number of 0 or more', 'Give a number of rows: 200.')
  if (!(check.singleFeatureAuc > 0.5 && check.singleFeatureAuc <= 1))
    throw mistake(place, `${field}.singleFeatureAuc`, 'is not between 0.5 and 1', 'Give an AUC such as 0.98.')
  if (!isOneOf(['report', 'fail'], check.entityOverlap))
    throw mistake(place, `${field}.entityOverlap`, "is neither 'report' nor 'fail'", 'Choose one of the two.')
}
