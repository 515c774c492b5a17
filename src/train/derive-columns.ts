import type { DeriveInputSpec, DeriveSpec } from '../define/index.ts'
import { type Column, codeValue, columnOf, columnValue, fromCode } from '../values/index.ts'
import type { TrainingPorts } from './training-ports.ts'

const batchRows = 20_000

/** What a derive reads, as a column of the table handed to it. */
export type DeriveTable = (input: DeriveInputSpec) => Column

/**
 * Runs derives over the rows of a table, with the same code that answers online. `table` has a column for every reference.
 * @throws code_failed, code_result naming derive and row
 */
export async function deriveColumns(
  ports: Pick<TrainingPorts, 'runFunction'>,
  specs: readonly DeriveSpec[],
  inputs: { readonly rows: number; readonly column: DeriveTable },
): Promise<Readonly<Record<string, Column>>> {
  const columns: Record<string, Column> = {}
  for (const spec of specs) {
    const parameters = Object.entries(spec.inputs).map(([name, input]) => ({
      name,
      type: input.type,
      column: inputs.column(input),
    }))
    const values: ReturnType<typeof fromCode>[] = []
    for (let from = 0; from < inputs.rows; from += batchRows) {
      const to = Math.min(inputs.rows, from + batchRows)
      const rows = Array.from({ length: to - from }, (_, i) =>
        Object.fromEntries(
          parameters.map(({ name, type, column }) => [name, codeValue(type, columnValue(column, from + i))]),
        ),
      )
      for (const result of await ports.runFunction(spec.code, `derive ${spec.name}`, rows))
        values.push(fromCode(spec.type, result, `derive ${spec.name}`))
    }
    columns[spec.name] = columnOf(spec.type, values)
  }
  return columns
}
