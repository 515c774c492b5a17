import type { MomentSpec, Outcome, OutcomeAggregate, OutcomeSpec } from '../define/index.ts'
import { expressionType } from '../values/index.ts'
import { isOneOf, listed, mistake, type Place } from './mistake.ts'

/** What keeps a condition a condition when several outcome rows become one value. */
const conditionAggregates: readonly OutcomeAggregate[] = ['first', 'last', 'min', 'max']

/**
 * The label of a model as it goes into the manifest: every key field of the moment has its column in the outcome's source.
 * @throws definition_invalid
 */
export function outcomeSpec(place: Place, outcome: Outcome, moment: MomentSpec): OutcomeSpec {
  const { source, value, withinMs, aggregate, absent } = outcome
  const type = expressionType(value)
  if (type !== 'bool') {
    throw mistake(
      place,
      'label.value',
      `is ${type}, and a label is a condition`,
      'Compare it: (row) => row.arrival_delay.gte(15).',
    )
  }
  if (aggregate !== null && !isOneOf(conditionAggregates, aggregate)) {
    throw mistake(
      place,
      'label.aggregate',
      `does not give a condition: '${String(aggregate)}'`,
      `Use one of ${listed(conditionAggregates)}; max is true where any is.`,
    )
  }
  if (absent !== null && typeof absent !== 'boolean')
    throw mistake(place, 'label.absent', 'is neither true nor false', 'Give the label of a moment without outcome.')
  if (source.spec.available.from === 'column' && source.spec.maturesAfterMs === null) {
    throw mistake(
      place,
      'label',
      `comes from source ${source.name}, whose rows become known at times of their own`,
      `Say in source ${source.name} by when they are known: maturesAfter: '2d'.`,
    )
  }
  return { source: source.name, value, type, withinMs, aggregate, on: matching(place, outcome, moment), absent }
}

/** Source column -> key field: those given, and equal names for the rest. */
function matching(place: Place, { source, on }: Outcome, moment: MomentSpec): OutcomeSpec['on'] {
  const columns = source.spec.columns
  const fields = moment.key.map(({ name }) => name)
  const columnOf = new Map<string, string>()
  for (const [column, field] of Object.entries(on ?? {})) {
    const at = `label.on.${column}`
    if (columns[column] === undefined) {
      throw mistake(
        place,
        at,
        `is no column of source ${source.name}`,
        `It declares ${listed(Object.keys(columns))}; write on: { source column: key field }.`,
      )
    }
    if (!fields.includes(field))
      throw mistake(
        place,
        at,
        `names no key field of moment ${moment.name}: '${field}'`,
        `Its key is ${listed(fields)}.`,
      )
    const other = columnOf.get(field)
    if (other !== undefined)
      throw mistake(place, at, `names '${field}', which '${other}' names too`, 'Name each key field once.')
    columnOf.set(field, column)
  }
  return moment.key.map(({ name, type }) => {
    const column = columnOf.get(name) ?? name
    const found = columns[column]
    if (found === undefined) {
      throw mistake(
        place,
        'label.on',
        `says nothing of '${name}', a key field of moment ${moment.name} for which source ${source.name} has no column`,
        `Name the column: on: { some_column: '${name}' }; it declares ${listed(Object.keys(columns))}.`,
      )
    }
    if (found.type !== type) {
      throw mistake(
        place,
        `label.on.${column}`,
        `is ${found.type}, and '${name}' of moment ${moment.name} is ${type}`,
        'Give both the same type.',
      )
    }
    return { column, field: name }
  })
}
