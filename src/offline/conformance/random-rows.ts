import fc from 'fast-check'
import type { NaiveRow } from '../../aggregate/index.ts'
import type { AggregateSpec, FeatureViewSpec, SourceSpec } from '../../define/index.ts'
import {
  columnOf,
  type ExpressionNode,
  encodeRow,
  formatInstant,
  type Instant,
  type Row,
  type Schema,
  type Table,
  type Value,
} from '../../values/index.ts'

export const hour = 3_600_000
export const day = 24 * hour

/** A source with a column of every type, and two times. */
export const schema: Schema = {
  row_id: { type: 'string', nullability: 'default' },
  happened: { type: 'timestamp', nullability: 'required' },
  published: { type: 'timestamp', nullability: 'default' },
  town: { type: 'string', nullability: 'default' },
  gate: { type: 'int', nullability: 'default' },
  amount: { type: 'float', nullability: 'default' },
  pieces: { type: 'int', nullability: 'default' },
  units: { type: 'int64', nullability: 'default' },
  open: { type: 'bool', nullability: 'default' },
  label: { type: 'string', nullability: 'default' },
  planned: { type: 'timestamp', nullability: 'default' },
}

/** How rows of the random source become known, and whether they have ids. */
export interface SourceKind {
  readonly available: SourceSpec['available']
  readonly ids: boolean
}

/** The declaration of the random source. */
export function randomSource({ available, ids }: SourceKind, history: string | null = null): SourceSpec {
  return {
    name: 'parcels',
    history,
    columns: ids ? { ...schema, row_id: { type: 'string', nullability: 'required' } } : schema,
    id: ids ? 'row_id' : null,
    eventTime: 'happened',
    available,
    timeZone: null,
    dedupWindowMs: 7 * day,
    maturesAfterMs: 2 * hour,
  }
}

/** A row as the oracle takes it, by what the source declares. */
export function naiveRow(source: SourceSpec, row: Row): NaiveRow {
  const eventMs = Number(row[source.eventTime])
  const { available } = source
  const published = available.from === 'column' ? row[available.column] : null
  const availableMs =
    available.from === 'event'
      ? eventMs
      : available.from === 'lag'
        ? eventMs + available.lagMs
        : published === null || published === undefined
          ? null
          : Number(published)
  const id = source.id === null ? null : String(row[source.id])
  return { row, eventMs, availableMs, id, body: encodeRow(source.columns, row) }
}

/** Rows as a table, all columns of the schema. */
export function tableOf(columns: Schema, rows: readonly Row[]): Table {
  const named = Object.entries(columns).map(([name, { type }]) => [
    name,
    columnOf(
      type,
      rows.map((row) => row[name] ?? null),
    ),
  ])
  return { rows: rows.length, columns: Object.fromEntries(named) }
}

/** Rows as CSV, columns in reverse order: they are matched by name. */
export function csvOf(columns: Schema, rows: readonly Row[]): string {
  const names = Object.keys(columns).reverse()
  const cell = (name: string, value: Value | null | undefined): string => {
    if (value === null || value === undefined) return ''
    if (columns[name]!.type === 'timestamp') return formatInstant(Number(value))
    return columns[name]!.type === 'string' ? `"${String(value).replaceAll('"', '""')}"` : String(value)
  }
  return [names.join(','), ...rows.map((row) => names.map((name) => cell(name, row[name])).join(','))].join('\n')
}

// Few different instants, so that ties of every kind are common; around 1970, so that flooring is tried on both sides.
export const instant = fc.oneof(
  fc.integer({ min: -12, max: 12 }).map((steps) => steps * 15 * 60_000),
  fc.integer({ min: -3 * day, max: 3 * day }),
  fc.constantFrom(-1, 0, 1, -day, day - 1, -20 * day),
)
export const nullable = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null, freq: 5 })

// Most rows and queries meet in one entity; the others try keys that look alike, and nulls.
export const randomKey = fc.oneof(
  { arbitrary: fc.constant<{ town: string | null; gate: number | null }>({ town: '1', gate: 12 }), weight: 6 },
  {
    arbitrary: fc.record({ town: nullable(fc.constantFrom('1', '11', '')), gate: nullable(fc.constantFrom(1, 2, 12)) }),
    weight: 3,
  },
)

const delay = fc.oneof(
  fc.constant(0),
  fc.constantFrom(1, 60_000, hour, 3 * day, -hour),
  fc.integer({ min: 0, max: day }),
)

/** One row with values near every edge. */
export const randomRow: fc.Arbitrary<Row> = fc
  .record({
    key: randomKey,
    amount: nullable(fc.oneof(fc.constantFrom(-1, 0, 1, 2.5), fc.constantFrom(1e15, 1e-7, -1e15))),
    pieces: nullable(fc.constantFrom(0, 1, -3, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER)),
    units: nullable(fc.constantFrom(0n, 7n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n)),
    open: nullable(fc.boolean()),
    label: nullable(fc.constantFrom('a', 'b', 'é', '', 'a text of more than twelve bytes')),
    planned: nullable(instant),
    happened: instant,
    late: nullable(delay),
  })
  .map(({ key, late, ...row }) => ({ ...key, ...row, published: late === null ? null : row.happened + late }))

/** Rows with ids; `repeats` lets rows share them. */
export function randomRows(options: { readonly repeats: boolean; readonly maxLength?: number }): fc.Arbitrary<Row[]> {
  const { repeats, maxLength = 60 } = options
  return fc.array(randomRow, { minLength: 8, maxLength, size: 'max' }).chain((rows) =>
    fc
      .array(fc.nat({ max: repeats ? Math.ceil(rows.length / 2) : 1_000_000 }), {
        minLength: rows.length,
        maxLength: rows.length,
      })
      .map((ids) => rows.map((row, i) => ({ ...row, row_id: repeats ? `id-${ids[i]}` : `${ids[i]}-${i}` }))),
  )
}

/** Where features are asked for. */
export interface SpinePoint {
  readonly key: readonly (Value | null)[]
  readonly at: Instant
}

/** Points on a spine, some of them twice. */
export const randomSpine: fc.Arbitrary<SpinePoint[]> = fc
  .array(fc.record({ key: randomKey.map(({ town, gate }) => [town, gate]), at: instant }), {
    minLength: 6,
    maxLength: 16,
    size: 'max',
  })
  .chain((spine) => fc.subarray(spine).map((again) => [...spine, ...again]))

/** The key columns of a spine. */
export function spineKey(spine: readonly SpinePoint[]) {
  return [
    columnOf(
      'string',
      spine.map(({ key }) => key[0]!),
    ),
    columnOf(
      'int',
      spine.map(({ key }) => key[1]!),
    ),
  ]
}

/** The view whose features are asked for: keys of two columns. */
export const randomView: FeatureViewSpec = {
  name: 'places',
  entity: 'place',
  source: 'parcels',
  key: [
    { entity: 'town', source: 'town', type: 'string' },
    { entity: 'gate', source: 'gate', type: 'int' },
  ],
  features: [],
}

/** The expression that reads a column. */
export const node = (name: keyof typeof schema): ExpressionNode => ({ op: 'column', name, type: schema[name]!.type })

const positive: ExpressionNode = {
  op: 'gt',
  left: node('amount'),
  right: { op: 'literal', type: 'float', value: 0 },
}
const plain = { where: null, windowMs: null, maxAgeMs: null, ignoreNulls: false } as const

/** `latest` of columns of all kinds, with and without nulls and age. */
export const latestAggregates: readonly AggregateSpec[] = (
  ['amount', 'label', 'units', 'open', 'planned'] as const
).flatMap((name) => [
  { ...plain, function: 'latest', value: node(name), type: schema[name]!.type },
  { ...plain, function: 'latest', value: node(name), type: schema[name]!.type, ignoreNulls: true, maxAgeMs: 2 * hour },
])

/** Every windowed aggregate, without its window. */
export const windowAggregates: readonly AggregateSpec[] = [
  { ...plain, function: 'count', value: null, type: 'int' },
  { ...plain, function: 'count', value: node('label'), type: 'int' },
  { ...plain, function: 'sum', value: node('amount'), type: 'float' },
  { ...plain, function: 'sum', value: node('pieces'), type: 'int' },
  { ...plain, function: 'sum', value: node('units'), type: 'int64' },
  { ...plain, function: 'mean', value: node('amount'), type: 'float' },
  { ...plain, function: 'mean', value: node('pieces'), type: 'float' },
  { ...plain, function: 'min', value: node('amount'), type: 'float' },
  { ...plain, function: 'max', value: node('units'), type: 'int64' },
  { ...plain, function: 'max', value: node('planned'), type: 'timestamp' },
  { ...plain, function: 'share', value: positive, type: 'float' },
]
const windows = [null, 60_000, 30 * 60_000, 2 * hour, 13 * hour, 2 * day, 14 * day]

/** Every aggregate with and without a filter, over every kind of window. */
export const aggregates: readonly AggregateSpec[] = [
  ...latestAggregates,
  ...latestAggregates.map((spec) => ({ ...spec, where: node('open') })),
  ...windowAggregates.flatMap((spec) =>
    windows.flatMap((windowMs) => [
      { ...spec, windowMs },
      { ...spec, where: node('open'), windowMs },
    ]),
  ),
]
