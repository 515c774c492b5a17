import type { ModelSpec } from '../define/index.ts'
import type { Digest } from '../digest.ts'
import { digestJson } from '../digest.ts'
import type { TrainingSet } from '../offline/index.ts'
import { columnValue, type Table } from '../values/index.ts'
import type { LeakageEvidence } from './checks.ts'

/** A training set as it is kept: its rows never change, and whoever asks for the same again gets these. */
export interface FrozenSet {
  readonly identity: Digest
  /** Over the canonical bytes of its columns. */
  readonly content: Digest
  readonly table: Table
  readonly summary: TrainingSet['summary']
}

/** What was found in the rows of a frozen set; the same rows give the same findings. */
export type RowEvidence = Omit<LeakageEvidence, 'futureColumns'>

/** Keeps training sets, and what was found in them. */
export interface FrozenSets {
  /** @param without columns that need not be read */
  find(identity: Digest, without?: readonly string[]): Promise<FrozenSet | null>
  keep(set: FrozenSet): Promise<void>
  evidence(key: Digest): Promise<RowEvidence | null>
  keepEvidence(key: Digest, evidence: RowEvidence): Promise<void>
}

/** What findings depend on: the rows, how they are split, and what the check asks. */
export function evidenceKey(set: FrozenSet, model: ModelSpec): Digest {
  return digestJson({
    content: set.content,
    split: model.split,
    check: model.checks.find(({ check }) => check === 'leakage') ?? null,
  })
}

/** Whether a row may train or judge: it was observed, or is absent and the label says what that means. */
export function labelledRows({ table }: Pick<FrozenSet, 'table'>, model: ModelSpec): (row: number) => boolean {
  const status = table.columns.label_status!
  return (row) => {
    const found = columnValue(status, row)
    return found === 'observed' || (found === 'absent' && model.label.absent !== null)
  }
}
