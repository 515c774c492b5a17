import { isNoonmarkError } from '../errors.ts'
import type { Instant, Status, Value } from '../values/index.ts'
import { codeValue, fromCode } from '../values/index.ts'
import type { LookupResult, LookupRow } from './feature-lookup.ts'
import { atSlot, type MomentValues } from './moment-layout.ts'
import type { MomentRequestRow } from './moment-request.ts'
import type { CodeCall, CodeOutcome } from './project-code.ts'
import type { WiredColumn, Wiring } from './wiring.ts'

/** One row of a request on its way to an answer: every value that it has by now. */
export interface Occasion {
  readonly at: Instant
  readonly values: MomentValues
  readonly statuses: Status[]
  asOf: Readonly<Record<string, Instant>>
  tables: Readonly<Record<string, string>>
  /** Why the features are not there; null where they are. */
  lookupFailure: string | null
  /** A failure for each derive that has one. */
  readonly deriveFailures: (Failure | undefined)[]
}

/** Why something did not come out: a code with what failed, and its own words for the owner. */
export interface Failure {
  readonly reason: string
  readonly detail: string | null
}

const none: Readonly<Record<string, never>> = Object.freeze({})

/** A row at its instant, before anything was looked up. */
export function beginOccasion(wiring: Wiring, row: MomentRequestRow, at: Instant): Occasion {
  const values = row.values
  for (let slot = values.length; slot < wiring.size; slot++) values.push(null)
  values[atSlot] = at
  const statuses = new Array<Status>(wiring.features.length).fill('unavailable')
  return { at, values, statuses, asOf: none, tables: none, lookupFailure: null, deriveFailures: [] }
}

/** What the online store is asked for a row: a key per role. */
export function lookupRow(wiring: Wiring, { at, values }: Occasion): LookupRow {
  return { at, keys: wiring.layout.roles.map(({ columns }) => columns.map(({ slot }) => values[slot] ?? null)) }
}

/** Puts what was looked up into its slots. */
export function takeLookup(wiring: Wiring, occasion: Occasion, found: LookupResult): void {
  const base = wiring.layout.size
  for (let index = 0; index < wiring.features.length; index++) {
    occasion.values[base + index] = found.values[index] ?? null
    occasion.statuses[index] = found.statuses[index] ?? 'unavailable'
  }
  occasion.asOf = found.asOf
  occasion.tables = found.tables
  occasion.lookupFailure = found.failure ?? null
}

/** The arguments of a derive over rows. */
export function deriveCall(wiring: Wiring, derive: number, occasions: readonly Occasion[]): CodeCall {
  const { key, parameters } = wiring.derives[derive]!
  return { key, rows: occasions.map(({ values }) => codeRow(parameters, values)) }
}

/** Checks what a derive returned and puts it into its slot. */
export function takeDerive(wiring: Wiring, derive: number, occasion: Occasion, outcome: CodeOutcome): void {
  const { name, type, slot } = wiring.derives[derive]!
  if (!outcome.ok) {
    occasion.deriveFailures[derive] = failureOf(outcome.error.code, name, outcome.error.message)
    return
  }
  try {
    occasion.values[slot] = fromCode(type, outcome.value, `derive ${name}`)
  } catch (error) {
    occasion.deriveFailures[derive] = failureOf(codeOf(error), name, messageOf(error))
  }
}

/** A row as code sees it. */
export function codeRow(columns: readonly WiredColumn[], values: MomentValues): Record<string, unknown> {
  const row: Record<string, unknown> = {}
  for (const { name, type, slot } of columns) row[name] = codeValue(type, values[slot] ?? null)
  return row
}

/** A row as a model reads it. */
export function modelRow(columns: readonly WiredColumn[], values: MomentValues): Record<string, Value | null> {
  const row: Record<string, Value | null> = {}
  for (const { name, slot } of columns) row[name] = values[slot] ?? null
  return row
}

/** A failure as answers name it. */
export function failureOf(code: string, name: string | null, detail: string | null): Failure {
  return { reason: name === null ? code : `${code}: ${name}`, detail }
}

/** What an error says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The code of an error. */
export function codeOf(error: unknown): string {
  return isNoonmarkError(error) ? error.code : 'internal'
}
