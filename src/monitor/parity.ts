import { type Manifest, semantics } from '../define/index.ts'
import type { Digest } from '../digest.ts'
import type { FeatureColumn, OfflineEngine, SpineFeature, TableVersion } from '../offline/offline-engine.ts'
import { type Column, columnValue, formatInstant, type Instant, type Table, takeColumn } from '../values/index.ts'
import { distinctRows } from './occurrence.ts'
import { type Doubt, type FeatureParity, type ParityCounts, ParityTally, sum } from './parity-tally.ts'
import { type NotComparable, type ParityTask, parityFeatures, servedSources, tasksByRows } from './parity-task.ts'
import { magnitudeBound, magnitudeFeatures } from './parity-tolerance.ts'
import { type SourceReach, sourceReach } from './source-reach.ts'

/** What parity is measured on. */
export interface ParityOptions {
  readonly engine: OfflineEngine
  readonly manifest: Manifest
  /** A predictions table (`tabulatePredictions`, or read back from Parquet). */
  readonly predictions: Table
  /** The pinned table of every source: history files and log files. */
  readonly versions: Readonly<Record<string, TableVersion>>
  /**
   * Source -> instant below which every received row is in its table: the log's frontier when its rows were last written. Without it
   * only what the table itself proves is compared; see `sourceReach`.
   */
  readonly completeUntilMs?: Readonly<Record<string, Instant>>
  /** How many examples of a difference are kept for each feature; 5 by default. */
  readonly examples?: number
  readonly onProgress?: (done: number, total: number) => void
}

/** How far what was served equals what the tables say. */
export interface ParityReport extends ParityCounts {
  readonly format: 1
  readonly semantics: number
  /** Logged predictions that count, those with at least one value compared, and those with one whose table is not yet there. */
  readonly predictions: number
  readonly predictions_compared: number
  readonly predictions_not_yet_there: number
  readonly reasons: Readonly<Partial<Record<NotComparable, number>>>
  /** The tables that were read, and until when they are complete. */
  readonly tables: Readonly<Record<string, { readonly digest: Digest; readonly complete_until: string | null }>>
  readonly features: readonly FeatureParity[]
}

/**
 * Recomputes every served feature of every logged prediction as of the instant at which its source answered, from tables
 * alone, and compares values and statuses: exactly, or within the contract's tolerance for floating-point aggregates
 * (1e-9 x sum of |x| over the rows in the window, divided by n for means; that sum is computed, not guessed). It shares no
 * state with the online store. What cannot be compared is counted apart and never as equal.
 */
export async function measureParity(options: ParityOptions): Promise<ParityReport> {
  const { engine, manifest, predictions: table, versions, completeUntilMs = {} } = options
  const reachOf = new Map<string, SourceReach>()
  for (const source of servedSources(manifest, table)) {
    const [spec, version] = [manifest.sources[source], versions[source]]
    if (spec === undefined || version === undefined) continue
    reachOf.set(source, await sourceReach(engine, spec, version, completeUntilMs[source]))
  }
  const features = parityFeatures(manifest, table, versions, reachOf)
  const tallies = new Map(features.map((feature) => [feature.served, new ParityTally(feature, options)]))
  const groups = tasksByRows(features.flatMap(({ tasks }) => tasks))
  const total = groups.reduce((sum, { tasks }) => sum + tasks.length, 0)
  let done = 0
  const progress = (share: number) => options.onProgress?.(Math.min(done + share, total), total)
  for (const { rows, tasks } of groups) {
    const { columns, places } = await recompute(options, tasks, rows, (part) => progress(part * tasks.length))
    const doubtful: Doubt[] = []
    tasks.forEach((task, place) => {
      const tally = tallies.get(task.served)!
      doubtful.push(...tally.compare(task, columns[place]!, places, reachOf.get(task.resolved.source.name)!))
    })
    await settle(options, doubtful, (doubt, equal) => tallies.get(doubt.task.served)!.decide(doubt, equal))
    done += tasks.length
    progress(0)
  }
  return report(options, reachOf, [...tallies.values()])
}

/**
 * Asks for each distinct spine row once: what was served to several deployments and versions at one moment is one question.
 * @returns the columns of the distinct rows, and for each of `rows` its place in them
 */
async function recompute(
  { engine, versions }: ParityOptions,
  tasks: readonly Pick<ParityTask, 'resolved' | 'key' | 'asOf'>[],
  rows: Uint32Array,
  onProgress: (share: number) => void,
): Promise<{ readonly columns: readonly FeatureColumn[]; readonly places: Int32Array }> {
  // Roles and sources that are asked for several times are one spine to the engine, which sorts each spine once.
  const taken = new Map<unknown, unknown>()
  const once = <K, V>(key: K, make: (key: K) => V): V => {
    if (!taken.has(key)) taken.set(key, make(key))
    return taken.get(key) as V // what `make` gave for this very key
  }
  const asked = new Set<Column>(tasks.flatMap(({ key }) => key))
  const instants = new Set(tasks.map(({ asOf }) => asOf))
  const { first, groups } = distinctRows(
    [...asked, ...[...instants].map((values): Column => ({ type: 'timestamp', values }))],
    rows,
  )
  const columns = await engine.features({
    features: tasks.map(
      ({ resolved, key, asOf }): SpineFeature => ({
        ...resolved,
        key: once(key, (columns) => columns.map((column) => takeColumn(column, first))),
        asOf: once(asOf, (instants) => Float64Array.from(first, (row) => instants[row]!)),
      }),
    ),
    versions,
    rows: first.length,
    // A sum that overflows is a status online; here it is to be compared and no reason to stop.
    onOverflow: 'status',
    onProgress: (part: number, whole: number) => onProgress(whole > 0 ? part / whole : 1),
  })
  return { columns, places: groups }
}

/** Looks at how large the rows in the windows are, where a difference may be one of rounding. */
async function settle(
  options: ParityOptions,
  doubts: readonly Doubt[],
  decide: (doubt: Doubt, equal: boolean) => void,
): Promise<void> {
  if (doubts.length === 0) return
  const rows = Uint32Array.from(new Set(doubts.map(({ row }) => row))).sort()
  const place = new Map(Array.from(rows, (row, at) => [row, at]))
  const tasks = [...new Set(doubts.map(({ task }) => task))]
  const placeOf = new Map(tasks.map((task, at) => [task, at]))
  const asked = tasks.flatMap(({ resolved, key, asOf }) =>
    magnitudeFeatures(resolved).map((part) => ({ resolved: part, key, asOf })),
  )
  const { columns, places } = await recompute(options, asked, rows, () => {})
  for (const doubt of doubts) {
    const { task, row, served, recomputed } = doubt
    const first = placeOf.get(task)! * 3
    const part = (index: number): number | null => {
      const value = columnValue(columns[first + index]!.values, places[place.get(row)!]!)
      return value === null ? null : Number(value)
    }
    const bound = magnitudeBound(task.resolved.feature.aggregate, part(0), part(1), part(2) ?? 0)
    decide(doubt, Math.abs(Number(served.value) - Number(recomputed.value)) <= bound)
  }
}

function report(
  { predictions, versions }: ParityOptions,
  reachOf: ReadonlyMap<string, SourceReach>,
  tallies: readonly ParityTally[],
): ParityReport {
  const features = tallies.map((tally) => tally.parity())
  const total = (count: (feature: FeatureParity) => number) => sum(features.map(count))
  const reasons = new Map<NotComparable, number>()
  for (const tally of tallies) {
    for (const [reason, count] of tally.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + count)
  }
  const [compared, notYetThere] = [new Uint8Array(predictions.rows), new Uint8Array(predictions.rows)]
  for (const tally of tallies) {
    for (let row = 0; row < compared.length; row++) if (tally.comparedRows[row] === 1) compared[row] = 1
    for (const row of tally.notYetThere) notYetThere[row] = 1
  }
  return {
    format: 1,
    semantics,
    predictions: predictions.rows,
    predictions_compared: sum(compared),
    predictions_not_yet_there: sum(notYetThere),
    compared: total(({ compared }) => compared),
    equal: total(({ equal }) => equal),
    differing: total(({ differing }) => differing),
    not_comparable: total(({ not_comparable }) => not_comparable),
    reasons: Object.fromEntries(reasons),
    tables: Object.fromEntries(
      [...reachOf].map(([source, { completeUntilMs }]) => [
        source,
        {
          digest: versions[source]!.digest,
          complete_until: Number.isFinite(completeUntilMs) ? formatInstant(completeUntilMs) : null,
        },
      ]),
    ),
    features,
  }
}
