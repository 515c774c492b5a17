import type { AggregateSpec } from '../define/index.ts'
import type { Column, ExpressionNode } from '../values/index.ts'
import { sweepFeature } from './feature-sweep.ts'
import { latestValues, markTies } from './latest-value.ts'
import type { FeatureColumn } from './offline-engine.ts'
import { type Spine, sortRows } from './sorted-rows.ts'
import type { SourceRows, TieRanks } from './source-rows.ts'

/** A feature asked for at every row of a spine. */
export interface PointInTimeAsk {
  readonly aggregate: AggregateSpec
  readonly spine: Spine
}

/** The rows that features are computed from. */
export interface PointInTimeRows {
  readonly source: SourceRows
  /** One column for each key column of the entity. */
  readonly key: readonly Column[]
  /** The values of an expression, one a row. */
  readonly values: (node: ExpressionNode) => Column
  readonly tieRanks: TieRanks
}

/**
 * Computes features of one kind of entity from the rows of one source: one answer a spine row, in the spine's order. Rows
 * are sorted by when they become known and by when they leave each window, spine rows by their instant, and both are swept
 * once: the cost is (spine + rows) x log, however many rows a window holds.
 * @param knownBeforeMs only rows known before this are used
 * @param onFeature called after each ask
 */
export async function pointInTime(
  rows: PointInTimeRows,
  asks: readonly PointInTimeAsk[],
  knownBeforeMs = Number.POSITIVE_INFINITY,
  onFeature: () => void | Promise<void> = () => {},
): Promise<FeatureColumn[]> {
  const spines = [...new Set(asks.map(({ spine }) => spine))]
  const sorted = sortRows(rows.source, rows.key, spines, knownBeforeMs)
  const columns = new Map<AggregateSpec, FeatureColumn>()
  const latest = asks.filter(({ aggregate }) => aggregate.function === 'latest')
  const tied = markTies(
    sorted,
    latest.map(({ aggregate }) => rows.values(aggregate.value!)), // latest always has a value
  )
  const ranks = tied === null ? null : await rows.tieRanks(tied)
  const answers: FeatureColumn[] = []
  for (const { aggregate, spine } of asks) {
    let column = columns.get(aggregate)
    if (column === undefined) {
      column =
        aggregate.function === 'latest'
          ? latestValues(sorted, aggregate, rows.values, ranks)
          : sweepFeature(sorted, aggregate, rows.values)
      columns.set(aggregate, column)
    }
    const from = sorted.queries.starts[spines.indexOf(spine)]!
    answers.push(sliceFeature(column, from, from + spine.asOf.length))
    await onFeature()
  }
  return answers
}

function sliceFeature({ values, statuses }: FeatureColumn, from: number, to: number): FeatureColumn {
  const part: Column =
    values.type === 'string'
      ? { ...values, codes: values.codes.subarray(from, to) }
      : values.type === 'int64'
        ? { type: 'int64', values: values.values.subarray(from, to), nulls: values.nulls.subarray(from, to) }
        : { type: values.type, values: values.values.subarray(from, to) }
  return { values: part, statuses: statuses.subarray(from, to) }
}
