import {
  type BooleanExpression,
  type ColumnValue,
  checkTimeZone,
  column,
  type Dtype,
  type DtypeName,
  type DtypeSpec,
  type Duration,
  dtypeSpec,
  durationMs,
  type ExpressionNode,
  type ExpressionOf,
  expressionType,
  isExpression,
  type Schema,
} from '../values/index.ts'
import { checkColumnName, type Definition, defined, invalid } from './definition.ts'

/** Columns of a source by name. */
export type Columns = Readonly<Record<string, Dtype>>

/** Timestamped rows: files, and events received through the API. */
export interface Source<Name extends string = string, C extends Columns = Columns> extends Definition<'source', Name> {
  readonly columns: C
  readonly spec: SourceSpec
}

/** A source in the manifest. */
export interface SourceSpec {
  readonly name: string
  /** Files of its history: a path or glob relative to the project, `.parquet`, `.csv` or a folder of them. Null: live events only. */
  readonly history: string | null
  readonly columns: Schema
  readonly id: string | null
  readonly eventTime: string
  readonly available:
    | { readonly from: 'event' }
    | { readonly from: 'column'; readonly column: string }
    | { readonly from: 'lag'; readonly lagMs: number }
  /** Zone in which naive times of files are read; null refuses them. */
  readonly timeZone: string | null
  /** How long a log remembers ids, in the log's own time. */
  readonly dedupWindowMs: number
  /** For labels of a source with an `availableAt` column: how late its rows may become known. Null where not declared. */
  readonly maturesAfterMs: number | null
  /** Conditions that `noonmark test` looks for in every row, by name. */
  readonly expect?: Readonly<Record<string, ExpressionNode>>
  /** How old the newest row may be before `noonmark test` fails. */
  readonly freshnessMs?: number
  readonly owner?: string
  readonly description?: string
}

/** The row on which features are written: one expression a column. */
export type RowExpressions<C extends Columns> = {
  readonly [K in keyof C]: C[K] extends Dtype<infer N> ? ExpressionOf<N> : never
}

/** A row of a source as code sees it. */
export type SourceRow<S> = S extends Source<string, infer C> ? { readonly [K in keyof C]: ColumnValue<C[K]> } : never

type ColumnOf<C extends Columns, N extends DtypeName> = {
  [K in keyof C & string]: C[K] extends Dtype<N> ? K : never
}[keyof C & string]

export interface SourceOptions<C extends Columns> {
  readonly history?: string
  readonly columns: C
  /** The column that identifies a row: one row per id counts. */
  readonly id?: ColumnOf<C, 'string'>
  /** When it happened. */
  readonly eventTime: ColumnOf<C, 'timestamp'>
  /** The column that says when a row could have been known. */
  readonly availableAt?: ColumnOf<C, 'timestamp'>
  /** A fixed lag from the event to when we know of it. */
  readonly availableAfter?: Duration
  readonly timeZone?: string
  readonly dedupWindow?: Duration
  readonly maturesAfter?: Duration
  /** What must be true of every row, by name; `noonmark test` looks. A condition that is null, as of a missing value, is not false. */
  readonly expect?: (row: RowExpressions<NoInfer<C>>) => Readonly<Record<string, BooleanExpression>>
  /** How old the newest row may be: `noonmark test` fails where rows stop to come. */
  readonly freshness?: Duration
  readonly owner?: string
  readonly description?: string
}

/**
 * Declares a source: where its rows are, when each happened and when we could have known it.
 * @throws definition_invalid naming the field
 */
export function source<Name extends string, const C extends Columns>(
  name: Name,
  options: SourceOptions<C>,
): Source<Name, C> {
  const owner = `source ${name}`
  const { columns, eventTime, id, availableAt, availableAfter } = options
  const declared = Object.keys(columns ?? {})
  for (const columnName of declared) {
    checkColumnName(columnName, owner)
    if (['received', 'available'].includes(columnName))
      throw invalid(owner, `columns.${columnName}`, 'is a name of the log', 'Rename the column.')
  }
  const needs = (field: string, columnName: string | undefined, type: DtypeName) => {
    if (columnName === undefined) return
    const found = columns[columnName]
    if (found === undefined)
      throw invalid(owner, field, `names no column: '${columnName}'`, `Declared are ${declared.join(', ')}.`)
    if (found.type !== type)
      throw invalid(
        owner,
        field,
        `must be a ${type} column, and '${columnName}' is ${found.type}`,
        `Point it at a ${type} column.`,
      )
  }
  if (eventTime === undefined)
    throw invalid(owner, 'eventTime', 'is missing', 'Name the timestamp column that says when a row happened.')
  needs('eventTime', eventTime, 'timestamp')
  needs('id', id, 'string')
  needs('availableAt', availableAt, 'timestamp')
  if (availableAt !== undefined && availableAfter !== undefined) {
    throw invalid(owner, 'availableAfter', 'stands beside availableAt', 'Declare the column or the lag, not both.')
  }
  if (options.timeZone !== undefined) checkTimeZone(options.timeZone, `${owner} > timeZone`)
  const schema: Record<string, DtypeSpec> = {}
  for (const [columnName, type] of Object.entries(columns)) {
    const spec = dtypeSpec(type)
    // What identifies a row and dates it cannot be missing, whatever the column says.
    schema[columnName] = columnName === id || columnName === eventTime ? { ...spec, nullability: 'required' } : spec
  }
  const spec: SourceSpec = {
    name,
    history: options.history ?? null,
    columns: schema,
    id: id ?? null,
    eventTime,
    available:
      availableAt !== undefined
        ? { from: 'column', column: availableAt }
        : availableAfter !== undefined
          ? { from: 'lag', lagMs: durationMs(availableAfter, `${owner} > availableAfter`) }
          : { from: 'event' },
    timeZone: options.timeZone ?? null,
    dedupWindowMs: durationMs(options.dedupWindow ?? '7d', `${owner} > dedupWindow`),
    maturesAfterMs:
      options.maturesAfter === undefined ? null : durationMs(options.maturesAfter, `${owner} > maturesAfter`),
    ...(options.freshness === undefined ? {} : { freshnessMs: durationMs(options.freshness, `${owner} > freshness`) }),
    ...(options.owner === undefined ? {} : { owner: options.owner }),
    ...(options.description === undefined ? {} : { description: options.description }),
  }
  const made = defined({ kind: 'source' as const, name, columns, spec })
  const expect = options.expect?.(rowExpressions(made))
  if (expect === undefined) Object.freeze(spec)
  else {
    const nodes = Object.entries(expect).map(([condition, value]) => {
      checkColumnName(condition, owner)
      if (isExpression(value) && expressionType(value.node) === 'bool') return [condition, value.node] as const
      throw invalid(
        owner,
        `expect.${condition}`,
        'is no condition',
        'Compare a column: (row) => ({ paid: row.amount.gte(0) }).',
      )
    })
    Object.freeze(Object.assign(spec, { expect: Object.freeze(Object.fromEntries(nodes)) }))
  }
  return made
}

/** The expressions of a source's columns, handed to `features: (row) => ...`. */
export function rowExpressions<C extends Columns>(source: Source<string, C>): RowExpressions<C> {
  const row: Record<string, unknown> = {}
  for (const [name, { type }] of Object.entries(source.spec.columns)) row[name] = column(name, type)
  return new Proxy(row, {
    get(target, name) {
      if (typeof name === 'string' && !(name in target)) {
        throw invalid(
          `source ${source.name}`,
          name,
          'is not a column',
          `Declared are ${Object.keys(source.columns).join(', ')}.`,
        )
      }
      return target[name as string] // a symbol reads undefined from a plain record
    },
  }) as RowExpressions<C> // one expression a declared column, as filled above
}
