import type { ModelSpec } from '../define/index.ts'
import { noonmarkError } from '../errors.ts'
import type { Table } from '../values/index.ts'
import { codeRow } from './evaluation.ts'
import type { TrainingPorts } from './training-ports.ts'

const batchRows = 5_000

/**
 * The probabilities of a model's baseline rule for rows of its training set; null where it has none.
 * @throws code_result when the rule returns anything but a number from 0 to 1
 */
export async function runBaseline(ports: TrainingPorts, model: ModelSpec, table: Table): Promise<Float64Array | null> {
  if (model.baseline === null) return null
  const probabilities = new Float64Array(table.rows)
  for (let from = 0; from < table.rows; from += batchRows) {
    const to = Math.min(table.rows, from + batchRows)
    const rows = Array.from({ length: to - from }, (_, i) => codeRow(model, table, from + i))
    const values = await ports.runFunction(model.baseline, `baseline of ${model.name}`, rows)
    for (const [i, value] of values.entries()) {
      if (typeof value !== 'number' || !(value >= 0 && value <= 1)) {
        throw noonmarkError('code_result', {
          message: `The baseline of ${model.name} returned ${JSON.stringify(value)} for row ${from + i}, which is not a probability.`,
          hint: 'Return a number from 0 to 1.',
          path: `model ${model.name} > baseline`,
        })
      }
      probabilities[from + i] = value
    }
  }
  return probabilities
}
