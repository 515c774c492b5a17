import { type Manifest, type ModelSpec, type MomentSpec, type OutcomeSpec, semantics } from '../define/index.ts'
import { type Digest, digestBytes, digestJson } from '../digest.ts'
import { noonmarkError } from '../errors.ts'
import { type Column, type Instant, type Status, statuses, type Table, takeColumn, takeRows } from '../values/index.ts'
import {
  type FeatureColumn,
  type LabelStatus,
  labelStatuses,
  type OfflineEngine,
  type OutcomeColumns,
  type SpineFeature,
  type TableVersion,
} from './offline-engine.ts'
import { tableDigest } from './table-digest.ts'
import { featureOf, inputColumns, neededFeatures, type RunDerives, spineFeature } from './training-inputs.ts'

/** What a training set is built from. */
export interface TrainingSetOptions {
  readonly engine: OfflineEngine
  readonly manifest: Manifest
  readonly model: ModelSpec
  /** The pinned version of every source: of the moment, of each feature view, of the outcome. */
  readonly versions: Readonly<Record<string, TableVersion>>
  /** Runs the project's derives over columns; one column for each spec, by its name. */
  readonly derive: RunDerives
  /** The cut T: what became known from here on is not used, and moments from here on are not in the set. */
  readonly cutMs: Instant
  readonly fromMs: Instant | null
  readonly toMs: Instant | null
  /**
   * For occurrences that were served and logged the `as_of` of each source, one a row of the moments; NaN where nothing was
   * logged. Sources that are left out take the moment itself. Where nothing was served the moments need not be read.
   */
  readonly loggedAsOf?: (moments: () => Promise<Table>) => Promise<Readonly<Record<string, Float64Array>>>
  readonly onProgress?: (done: number, total: number) => void
}

/** One feature of the training set: what it is, where it stands, and what it came out as. */
export interface TrainingFeature extends SpineFeature {
  /** Its input column; `<role>_<view>:<feature>` where only a derive reads it. */
  readonly input: string
  readonly stored: FeatureColumn
}

/** A frozen training set. */
export interface TrainingSet {
  /**
   * One row for each moment, in the moments' order, but for those without an outcome that the label does not give a value:
   * `at`, the moment's key fields, roles and request fields, every input column, `label`, `label_status`, `label_at`,
   * `weight`. A row that is open or unobservable is there, its label null.
   */
  readonly table: Table
  /** Names what was asked: moment, inputs, label, table versions, cut, range. The same identity gives the same content. */
  readonly identity: Digest
  /** Over the canonical bytes of the table's columns. */
  readonly content: Digest
  readonly features: readonly TrainingFeature[]
  readonly summary: TrainingSummary
  /** Whether a row of the table may train or judge: it was observed, or is absent and the label says what that means. */
  readonly hasLabel: (row: number) => boolean
}

/** What a training set tells about itself. */
export interface TrainingSummary {
  /** Moments in the range, and rows of the table: fewer where absent ones were dropped. */
  readonly spineRows: number
  readonly rows: number
  /** Moments by label status, dropped ones included. */
  readonly labelStatus: Readonly<Record<LabelStatus, number>>
  /** Moments for which a logged `as_of` was used; the others took the moment's own time. */
  readonly loggedAsOf: number
  /** Moments whose key another moment of the range has too. They are kept. */
  readonly sharedKeys: number
  readonly features: readonly FeatureSummary[]
}

/** How often a feature had which status. */
export interface FeatureSummary {
  readonly input: string
  readonly statuses: Readonly<Partial<Record<Status, number>>>
  /** The share of rows without a value. */
  readonly nullRate: number
}

/** A training set that has its identity and is not built yet: whoever has it already need not build it again. */
export interface TrainingSetDraft {
  readonly identity: Digest
  readonly build: () => Promise<TrainingSet>
}

/**
 * Builds a training set: past moments, every feature as it was known at its moment, and what came true later.
 * @throws moment_without_history, training_set_empty, outcome_ambiguous, sum_overflow
 */
export async function buildTrainingSet(options: TrainingSetOptions): Promise<TrainingSet> {
  return (await draftTrainingSet(options)).build()
}

/**
 * Says what a training set will be. Its moments are read when they are needed: to be matched with what was served, or to be
 * built.
 * @throws moment_without_history, training_set_empty, here or when it is built
 */
export async function draftTrainingSet(options: TrainingSetOptions): Promise<TrainingSetDraft> {
  const moment = options.manifest.moments[options.model.moment]!
  const toMs = Math.min(options.toMs ?? options.cutMs, options.cutMs)
  let reading: Promise<Table> | undefined
  const spine = (): Promise<Table> => {
    reading ??= readSpine(options, moment, toMs)
    return reading
  }
  const logged = (await options.loggedAsOf?.(spine)) ?? {}
  const identity = identityOf(options, moment, toMs, logged)
  return { identity, build: async () => build(options, { moment, spine: await spine(), logged, identity }) }
}

interface SpineOfSet {
  readonly moment: MomentSpec
  readonly spine: Table
  readonly logged: Readonly<Record<string, Float64Array>>
  readonly identity: Digest
}

async function build(
  options: TrainingSetOptions,
  { moment, spine, logged, identity }: SpineOfSet,
): Promise<TrainingSet> {
  const { engine, manifest, model, versions } = options
  const needed = neededFeatures(manifest, model)
  const total = needed.length + 3
  const progress = (done: number) => options.onProgress?.(done, total)

  progress(1)
  const spineAt = instants(spine)
  const labels = await outcomes(options, spine, logged)
  progress(2)
  const labelStatus = countLabels(labels)
  const kept = keptRows(labels, model.label)
  if (kept.length === 0) {
    throw noonmarkError('training_set_empty', {
      message: `None of the ${spine.rows} moments of ${moment.name} has an outcome in source ${model.label.source}, and the label does not say what that means.`,
      hint: 'Look at how moments and outcomes are matched, or declare `absent` in outcome(...).',
      path: `model ${model.name} > label`,
    })
  }
  const moments = takeRows(spine, kept)
  const asOf = asOfBySource(spineAt, logged, kept)
  const asked = needed.map((feature) => spineFeature(manifest, moment, moments, feature, asOf))
  const stored = await engine.features({
    features: asked,
    versions,
    rows: moments.rows,
    onProgress: (done) => progress(2 + done),
  })
  const features = asked.map(
    (feature, i): TrainingFeature => ({ ...feature, input: needed[i]!.input, stored: stored[i]! }),
  )
  const inputs = await inputColumns(model, options.derive, moment, moments, needed, stored)
  const table: Table = {
    rows: moments.rows,
    columns: { ...moments.columns, ...inputs, ...labelColumns(labels, model.label, kept) },
  }
  progress(total)
  const statusAt = labels.labelStatus
  return {
    table,
    identity,
    content: tableDigest(table),
    features,
    summary: {
      spineRows: spine.rows,
      rows: table.rows,
      labelStatus,
      loggedAsOf: countLogged(spine.rows, logged),
      sharedKeys: countSharedKeys(moment, spine),
      features: features.map(({ input, stored: { statuses: codes } }) => featureSummary(input, codes)),
    },
    hasLabel: (row) => {
      const status = labelStatuses[statusAt[kept[row]!]!]!
      return status === 'observed' || (status === 'absent' && model.label.absent !== null)
    },
  }
}

async function readSpine(options: TrainingSetOptions, moment: MomentSpec, toMs: Instant): Promise<Table> {
  const { engine, manifest, versions, fromMs } = options
  const version = versionOf(versions, moment.source)
  if (version.files.every(({ rows }) => rows === 0)) {
    throw noonmarkError('moment_without_history', {
      message: `The moment ${moment.name} has no past occurrences: source ${moment.source} has no rows.`,
      path: `moment ${moment.name} > source`,
    })
  }
  const spine = await engine.readMoments(moment, manifest.sources[moment.source]!, version, { fromMs, toMs })
  if (spine.rows > 0) return spine
  const from = fromMs === null ? 'the beginning' : new Date(fromMs).toISOString()
  throw noonmarkError('training_set_empty', {
    message: `No moment of ${moment.name} happened from ${from} to ${new Date(toMs).toISOString()}.`,
    path: `model ${options.model.name} > split`,
  })
}

function versionOf(versions: Readonly<Record<string, TableVersion>>, source: string): TableVersion {
  const version = versions[source]
  if (version === undefined) throw new TypeError(`no version of source ${source} was given`)
  return version
}

function instants({ columns }: Table): Float64Array {
  const at = columns.at
  if (at?.type !== 'timestamp') throw new TypeError('moments have a column at')
  return at.values
}

async function outcomes(
  { engine, manifest, model, versions, cutMs }: TrainingSetOptions,
  spine: Table,
  logged: Readonly<Record<string, Float64Array>>,
): Promise<OutcomeColumns> {
  const outcome = model.label
  const at = instants(spine)
  // No row is both feature and label: outcomes come after the moment and after every as_of that features saw.
  const after = at.slice()
  for (const asOf of Object.values(logged))
    for (let row = 0; row < after.length; row++) if (asOf[row]! > after[row]!) after[row] = asOf[row]!
  return engine.outcomes({
    outcome,
    source: manifest.sources[outcome.source]!,
    version: versionOf(versions, outcome.source),
    key: outcome.on.map(({ field }) => spine.columns[field]!),
    after,
    at,
    cutMs,
  })
}

/** Every row but the absent ones that have no declared value. */
function keptRows({ labelStatus }: OutcomeColumns, { absent }: OutcomeSpec): Uint32Array {
  const dropped = absent === null ? labelStatuses.indexOf('absent') : -1
  const rows = Uint32Array.from(labelStatus, (_, row) => row)
  return rows.filter((row) => labelStatus[row] !== dropped)
}

function asOfBySource(
  at: Float64Array,
  logged: Readonly<Record<string, Float64Array>>,
  kept: Uint32Array,
): (source: string) => Float64Array {
  // One array for all sources without logged times, so that the engine sorts their spine once.
  const own = Float64Array.from(kept, (row) => at[row]!)
  const arrays = new Map(
    Object.entries(logged).map(([source, asOf]) => [
      source,
      Float64Array.from(kept, (row) => (Number.isNaN(asOf[row]!) ? at[row]! : asOf[row]!)),
    ]),
  )
  return (source) => arrays.get(source) ?? own
}

function labelColumns(labels: OutcomeColumns, outcome: OutcomeSpec, kept: Uint32Array): Record<string, Column> {
  const numeric = outcome.aggregate === 'count' || outcome.aggregate === 'sum' || outcome.aggregate === 'mean'
  const type = !numeric && (outcome.type === 'bool' || outcome.type === 'int') ? outcome.type : 'float'
  const status: Column = { type: 'string', codes: Int32Array.from(labels.labelStatus), dictionary: labelStatuses }
  return {
    label: takeColumn({ type, values: labels.label }, kept),
    label_status: takeColumn(status, kept),
    label_at: takeColumn({ type: 'timestamp', values: labels.labelAt }, kept),
    weight: takeColumn({ type: 'float', values: labels.weight }, kept),
  }
}

function countLabels({ labelStatus }: OutcomeColumns): Record<LabelStatus, number> {
  const counts: Record<LabelStatus, number> = { observed: 0, absent: 0, open: 0, censored: 0, unobservable: 0 }
  for (const status of labelStatus) counts[labelStatuses[status]!]++
  return counts
}

function countLogged(rows: number, logged: Readonly<Record<string, Float64Array>>): number {
  const arrays = Object.values(logged)
  let count = 0
  for (let row = 0; row < rows; row++) if (arrays.some((asOf) => !Number.isNaN(asOf[row]!))) count++
  return count
}

function countSharedKeys(moment: MomentSpec, spine: Table): number {
  const parts = moment.key.map(({ name }) => spine.columns[name]!)
  const [only] = parts
  if (parts.length === 1 && only?.type === 'string') return countRepeatedCodes(only.codes, only.dictionary.length)
  const seen = new Map<string, number>()
  const keyOf = (row: number) =>
    parts.map((part) => (part.type === 'string' ? part.codes[row]! : part.values[row]!)).join('|')
  for (let row = 0; row < spine.rows; row++) {
    const key = keyOf(row)
    seen.set(key, (seen.get(key) ?? 0) + 1)
  }
  let shared = 0
  for (const count of seen.values()) if (count > 1) shared += count
  return shared
}

/** How many rows share their text with another. Fields of a moment's key are never null. */
function countRepeatedCodes(codes: Int32Array, distinct: number): number {
  const counts = new Uint32Array(distinct)
  for (const code of codes) counts[code]!++
  return counts.reduce((shared, count) => (count > 1 ? shared + count : shared), 0)
}

function featureSummary(input: string, codes: Uint8Array): FeatureSummary {
  const counts = new Array<number>(statuses.length).fill(0)
  for (const code of codes) counts[code]!++
  const named = statuses.map((status, code) => [status, counts[code]!] as const).filter(([, count]) => count > 0)
  return {
    input,
    statuses: Object.fromEntries(named),
    nullRate: codes.length === 0 ? 0 : 1 - counts[0]! / codes.length,
  }
}

/** The digest of everything that decides what a training set holds; not of names of people, docs or paths. */
function identityOf(
  { manifest, model, versions, cutMs, fromMs }: TrainingSetOptions,
  { owner: _owner, description: _description, ...moment }: MomentSpec,
  toMs: Instant,
  logged: Readonly<Record<string, Float64Array>>,
): Digest {
  const digestOf = (view: string, feature: string) => featureOf(manifest, view, feature).feature.digest
  const inputs = model.inputs.map((input) => {
    if (input.input !== 'derive') return input
    const read = Object.entries(input.inputs).map(([name, reference]) => [
      name,
      reference.reference === 'feature'
        ? { role: reference.role, digest: digestOf(reference.view, reference.feature) }
        : reference,
    ])
    return { ...input, inputs: Object.fromEntries(read) }
  })
  const asOf = Object.entries(logged).map(([source, values]) => [
    source,
    digestBytes(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
  ])
  return digestJson({
    format: 1,
    semantics,
    moment,
    inputs,
    label: model.label,
    versions: Object.fromEntries(Object.entries(versions).map(([source, { digest }]) => [source, digest])),
    cutMs,
    fromMs,
    toMs,
    loggedAsOf: Object.fromEntries(asOf),
  })
}
