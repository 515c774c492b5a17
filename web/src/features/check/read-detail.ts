import type { Check } from '../../../../src/http/reports.ts'

/** A slice as a check saw it. Of log loss and Brier the sign is turned, so that more is always better. */
export interface SliceFound {
  readonly value: string | null
  readonly rows: number
  readonly model: number | null
  readonly champion: number | null
  readonly judged: boolean
  readonly worseBy: number | null
  readonly low: number | null
  readonly high: number | null
}

export interface SliceDetail {
  readonly check: 'slice'
  readonly champion: string | null
  /** These are null for versions of before they were kept. */
  readonly column: string | null
  readonly metric: string | null
  readonly tolerance: number | null
  readonly slices: readonly SliceFound[]
}

export interface BaselineDetail {
  readonly check: 'beats_baseline'
  readonly rows: number | null
  readonly model: number | null
  readonly baseline: number | null
  readonly gain: number | null
  readonly low: number | null
  readonly high: number | null
  readonly by: number | null
}

export interface ExampleDetail {
  readonly check: 'example'
  readonly row: Readonly<Record<string, unknown>>
  readonly probability: number
  readonly atLeast: number
  readonly atMost: number
}

export interface LeakageDetail {
  readonly check: 'leakage'
  readonly futureColumns: readonly {
    readonly source: string
    readonly column: string
    readonly laterRows: number
    readonly rows: number
    readonly inputs: readonly string[]
    readonly example: { readonly known: string; readonly value: string }
  }[]
  readonly compared: number | null
  readonly different: number
  readonly differences: readonly {
    readonly input: string
    readonly row: number
    readonly asOf: string
    readonly stored: unknown
    readonly recomputed: unknown
  }[]
  readonly overlap: readonly {
    readonly role: string
    readonly training: number
    readonly validation: number
    readonly both: number
  }[]
  readonly nearLabel: readonly { readonly name: string; readonly auc: number | null }[]
}

/** What decided a check, by its kind. */
export type ReadDetail =
  | SliceDetail
  | BaselineDetail
  | ExampleDetail
  | LeakageDetail
  | { readonly check: 'other'; readonly text: string }

type Fields = Readonly<Record<string, unknown>>

const number = (value: unknown): number | null => (typeof value === 'number' ? value : null)
const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {})
// Entries are written by the checks of the server, of this version or one before.
const list = <Entry>(value: unknown): readonly Entry[] => (Array.isArray(value) ? (value as Entry[]) : [])

/** Reads what a check wrote; what an older version did not keep is null. */
export function readDetail({ check, name, detail }: Check): ReadDetail {
  switch (check) {
    case 'slice': {
      // Until they were kept, only the name said what was asked.
      const said = /^no slice of (\S+) worse than the champion by (\S+) (\S+)$/.exec(name)
      return {
        check,
        champion: text(detail.champion),
        column: text(detail.column) ?? said?.[1] ?? null,
        metric: text(detail.metric) ?? said?.[3] ?? null,
        tolerance: number(detail.tolerance) ?? (said === null ? null : number(Number(said[2]))),
        slices: list<SliceFound>(detail.slices),
      }
    }
    case 'beats_baseline': {
      const interval = fields(detail.interval)
      const { rows, model, baseline, gain, by } = detail
      return {
        check,
        rows: number(rows),
        model: number(model),
        baseline: number(baseline),
        gain: number(gain),
        low: number(interval.low),
        high: number(interval.high),
        by: number(by),
      }
    }
    case 'example':
      return {
        check,
        row: fields(detail.row),
        probability: number(detail.probability) ?? Number.NaN,
        atLeast: number(detail.atLeast) ?? 0,
        atMost: number(detail.atMost) ?? 1,
      }
    case 'leakage': {
      const recomputed = fields(detail.recomputed)
      return {
        check,
        futureColumns: list(detail.future_columns),
        compared: number(recomputed.compared),
        different: number(recomputed.different) ?? list(recomputed.differences).length,
        differences: list(recomputed.differences),
        overlap: list(detail.entity_overlap),
        nearLabel: list(detail.near_label),
      }
    }
    default:
      return { check: 'other', text: JSON.stringify(detail, null, 2) }
  }
}
