import { type Column, columnOf, columnValue, type DtypeName, type Table, type Value } from '../values/index.ts'

/**
 * The columns of a predictions table. Those of the platform have plain names; those that speak of a project's own names begin
 * with what they are and a colon, which no project's name can hold, so that nothing collides:
 * `key:<field>`, `role:<role>:<key column>`, `request:<field>`, `derived:<name>`, `as_of:<source>`, `table:<source>`, and for
 * every served feature `feature:<role>:<view>:<feature>` with `status:...` and `digest:...` beside it. Where a name changed its
 * type between the records, the later type has a column of its own, `<name>:<type>`.
 */
export const plainColumns = {
  prediction_id: 'string',
  deployment: 'string',
  model: 'string',
  item: 'string',
  at: 'timestamp',
  logged_at: 'timestamp',
  version: 'string',
  arm: 'string',
  answered_by: 'string',
  reason: 'string',
  probability: 'float',
  latency_ms: 'float',
  wait_ms: 'float',
  lookup_ms: 'float',
  derive_ms: 'float',
  model_ms: 'float',
  manifest: 'string',
} as const satisfies Record<string, DtypeName>

/** A feature as it was served: three columns of the predictions table. */
export interface ServedFeature {
  readonly role: string
  readonly view: string
  readonly feature: string
  readonly values: Column
  /** Names of statuses; null in rows that were served without this feature. */
  readonly statuses: TextColumn
  /** What the feature meant when it was served. */
  readonly digests: TextColumn
}

/** A column of texts. */
export type TextColumn = Extract<Column, { type: 'string' }>

/** A column of doubles: numbers, bools and instants. */
export type NumberColumn = Extract<Column, { values: Float64Array }>

/** The features of a predictions table, in the order of its columns. */
export function servedFeatures(table: Table): ServedFeature[] {
  return Object.entries(table.columns).flatMap(([name, values]) => {
    if (!name.startsWith('feature:')) return []
    const rest = name.slice('feature:'.length)
    const [role = '', view = '', feature = ''] = rest.split(':')
    const statuses = textColumn(table, `status:${rest}`)
    return [{ role, view, feature, values, statuses, digests: textColumn(table, `digest:${rest}`) }]
  })
}

/** The key columns of every role, by role and key column. */
export function roleColumns(table: Table): Map<string, Map<string, Column>> {
  const roles = new Map<string, Map<string, Column>>()
  for (const [name, column] of Object.entries(table.columns)) {
    const [kind, role = '', keyColumn = '', type] = name.split(':')
    if (kind !== 'role' || type !== undefined) continue
    const columns = roles.get(role) ?? new Map<string, Column>()
    roles.set(role, columns.set(keyColumn, column))
  }
  return roles
}

/** The names behind a prefix such as `as_of:`. */
export function namesOf(table: Table, prefix: string): string[] {
  return Object.keys(table.columns)
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
}

/** A column of texts; one of nulls where the table has none. */
export function textColumn(table: Table, name: string): TextColumn {
  const column = table.columns[name]
  if (column?.type === 'string') return column
  return { type: 'string', codes: new Int32Array(table.rows).fill(-1), dictionary: [] }
}

/** A column of doubles; one of nulls where the table has none. */
export function numberColumn(table: Table, name: string): Float64Array {
  const column = table.columns[name]
  if (column !== undefined && column.type !== 'string' && column.type !== 'int64') return column.values
  return new Float64Array(table.rows).fill(Number.NaN)
}

/** The text of a row; null where it is missing. */
export function textAt(column: TextColumn, row: number): string | null {
  const code = column.codes[row]!
  return code < 0 ? null : column.dictionary[code]!
}

/** A value as one of a type: a table that was read back may hold whole numbers in a column of doubles, and the like. */
export function valueOfType(type: DtypeName, value: Value | null): Value | null {
  if (value === null) return null
  if (type === 'int64') return typeof value === 'number' && !Number.isInteger(value) ? value : BigInt(value)
  if (type === 'bool') return typeof value === 'number' ? value === 1 : value
  return typeof value === 'bigint' ? Number(value) : value
}

/** A column as one of a type; the same where it already is. */
export function columnOfType(type: DtypeName, column: Column, rows: number): Column {
  if (column.type === type) return column
  const values = Array.from({ length: rows }, (_, row) => valueOfType(type, columnValue(column, row)))
  return columnOf(type, values)
}
