import type { InputSpec, ModelSpec, MomentSpec, SourceSpec } from '../define/index.ts'
import type { OfflineEngine, TableVersion } from '../offline/index.ts'
import { columnValue, formatInstant, type Table } from '../values/index.ts'

/** A column of a source that lies later than its rows were known, and the inputs of the model that it gives away. */
export interface FutureColumn {
  readonly source: string
  readonly column: string
  /** Rows in which the column lies after the known time, of all rows with a value. */
  readonly laterRows: number
  readonly rows: number
  readonly example: { readonly known: string; readonly value: string }
  /** Input columns built on the source. */
  readonly inputs: readonly string[]
}

/**
 * Compares every timestamp column of a source with the known time of its rows: one that lies later and is not declared
 * `future: true` says that the row was filed under a time at which it could not have been known.
 */
export async function futureColumns(
  engine: OfflineEngine,
  source: SourceSpec,
  version: TableVersion,
  candidates: readonly string[] = timestampColumns(source),
): Promise<Omit<FutureColumn, 'inputs'>[]> {
  const table = await engine.readSource(source, version, { columns: candidates })
  return candidates.flatMap((name) => {
    const column = table.columns[name]!
    if (column.type !== 'timestamp') return []
    let [laterRows, rows, example] = [0, 0, -1]
    for (let row = 0; row < table.rows; row++) {
      const [value, known] = [column.values[row]!, table.known[row]!]
      if (Number.isNaN(value) || Number.isNaN(known)) continue
      rows++
      if (value <= known) continue
      laterRows++
      if (example < 0) example = row
    }
    if (example < 0) return []
    const shown = { known: formatInstant(table.known[example]!), value: formatInstant(column.values[example]!) }
    return [{ source: source.name, column: name, laterRows, rows, example: shown }]
  })
}

/** The columns of a source that must not lie later than its rows were known. The event time never does. */
export function timestampColumns(source: SourceSpec): string[] {
  return Object.entries(source.columns)
    .filter(([name, { type, future }]) => type === 'timestamp' && future !== true && name !== source.eventTime)
    .map(([name]) => name)
}

/**
 * The inputs of a model that a source's future column gives away: every feature computed from the source; of the moment's own
 * source only what reads that very request field, since each field arrives with the request.
 */
export function inputsOn(
  model: ModelSpec,
  moment: MomentSpec,
  views: Readonly<Record<string, { readonly source: string }>>,
  source: string,
  column: string,
): string[] {
  const field = moment.source === source ? moment.request.find((request) => request.column === column)?.name : undefined
  const reads = (input: InputSpec): boolean => {
    if (input.input === 'feature') return views[input.view]?.source === source
    if (input.input === 'reference')
      return field !== undefined && input.reference.reference === 'request' && input.reference.field === field
    return Object.values(input.inputs).some((reference) =>
      reference.reference === 'feature'
        ? views[reference.view]?.source === source
        : field !== undefined && reference.reference === 'request' && reference.field === field,
    )
  }
  return model.inputs.filter(reads).map(({ column }) => column)
}

/** How many entities of a role stand in both training and validation. */
export interface EntityOverlap {
  readonly role: string
  readonly training: number
  readonly validation: number
  readonly both: number
}

/** Counts, for each column that names an entity or key, the distinct values in training, in validation and in both. */
export function entityOverlap(training: Table, validation: Table, columns: readonly string[]): EntityOverlap[] {
  return columns.flatMap((role) => {
    const [a, b] = [training.columns[role], validation.columns[role]]
    if (a === undefined || b === undefined) return []
    const distinct = (table: Table): Set<unknown> => {
      const column = table.columns[role]!
      const found = new Set<unknown>()
      for (let row = 0; row < table.rows; row++) found.add(columnValue(column, row))
      return found
    }
    const [inTraining, inValidation] = [distinct(training), distinct(validation)]
    let both = 0
    for (const value of inValidation) if (inTraining.has(value)) both++
    return [{ role, training: inTraining.size, validation: inValidation.size, both }]
  })
}
