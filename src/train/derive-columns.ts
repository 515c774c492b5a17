import type { DeriveInputSpec, DeriveSpec } from '../define/index.ts'
import { type Column, columnOf, fromCode } from '../values/index.ts'
import { runOverColumns } from './run-over-columns.ts'
import type { TrainingPorts } from './training-ports.ts'

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
  for (const { name, type, code, inputs: read } of specs) {
    const parameters = Object.entries(read).map(([parameter, input]) => [parameter, inputs.column(input)] as const)
    const table = { rows: inputs.rows, columns: Object.fromEntries(parameters) }
    const values = await runOverColumns(ports, code, `derive ${name}`, table)
    columns[name] = columnOf(
      type,
      values.map((value, row) => fromCode(type, value, `derive ${name} in row ${row}`)),
    )
  }
  return columns
}
