import type { ModelSpec } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import type { Table } from '../values/index.ts'
import { runOverColumns } from './run-over-columns.ts'
import type { TrainingPorts } from './training-ports.ts'

/**
 * The probabilities of a model's baseline rule for rows of its training set; null where it has none.
 * @throws code_failed naming the row; code_result when the rule returns anything but a number from 0 to 1
 */
export async function runBaseline(
  ports: Pick<TrainingPorts, 'runFunction'>,
  model: ModelSpec,
  table: Table,
): Promise<Float64Array | null> {
  if (model.baseline === null) return null
  const columns = Object.fromEntries(model.inputs.map(({ column }) => [column, table.columns[column]!]))
  const inputs = { rows: table.rows, columns }
  const values = await runOverColumns(ports, model.baseline, `baseline of ${model.name}`, inputs)
  return Float64Array.from(values, (value, row) => {
    if (typeof value === 'number' && value >= 0 && value <= 1) return value
    throw noonmarkError('code_result', {
      message: `The baseline of ${model.name} returned ${shown(value)} for row ${row}, which is not a probability.`,
      hint: 'Return a number from 0 to 1.',
      path: `model ${model.name} > baseline`,
    })
  })
}

/** JSON has no NaN, no bigint and no undefined. */
function shown(value: unknown): string {
  const plain = typeof value === 'number' || typeof value === 'bigint' || value === undefined
  return plain ? String(value) : JSON.stringify(value)
}
