import type { Digest } from '../digest.ts'
import { noonmarkError } from '../errors.ts'
import {
  type DtypeName,
  type Instant,
  jsonValue,
  parseInstant,
  type Status,
  statuses,
  type Value,
} from '../values/index.ts'
import type { MomentValues } from './moment-layout.ts'
import type { ContractField, PredictionContract } from './prediction-contract.ts'
import type { AnswerSeen } from './traffic-cell.ts'

/** Where the time of an answer went, in milliseconds. `log` is measured after the record is written, so it is a metric only. */
export interface PredictionLatency {
  /** Waiting for `min_position`. */
  readonly waitMs: number
  readonly lookupMs: number
  readonly deriveMs: number
  readonly modelMs: number
}

/** How long it took in all, without the write of the log. */
export const totalMs = ({ waitMs, lookupMs, deriveMs, modelMs }: PredictionLatency): number =>
  waitMs + lookupMs + deriveMs + modelMs

/** Who answered, at length: a version, or what stood in for it. `shadow` answered nobody. */
export type AnsweredBy = 'champion' | 'shadow' | 'fallback:baseline' | 'fallback:constant'

/** The part of a record that is equal in memory and on disk. */
export interface PredictionFacts {
  /** ULID that leads to the segment with its record. */
  readonly predictionId: string
  readonly deployment: string
  /** Which of several items of one moment; null while a moment has one. */
  readonly item: string | null
  readonly at: Instant
  /** Source -> instant up to which it answered. */
  readonly asOf: Readonly<Record<string, Instant>>
  /** Source -> version of its table, where it answered from files. */
  readonly tables: Readonly<Record<string, string>>
  readonly output: Readonly<Record<string, number>> | null
  /** `model:number`; null where no version took part. */
  readonly version: string | null
  /** The part of the traffic that it belongs to. */
  readonly arm: 'champion' | 'shadow'
  readonly action: string | null
  readonly propensity: number | null
  readonly parent: string | null
  readonly group: string | null
  /** Null where nothing came out, as from a shadow that failed. */
  readonly answeredBy: AnsweredBy | null
  /** A code, and the name of what failed: `derive_threw: departure_hour`. Null when the version itself answered. */
  readonly reason: string | null
  /** The failure in its own words, for the owner. */
  readonly detail: string | null
  readonly latency: PredictionLatency
  /** Digest of the manifest that was in force. */
  readonly manifest: Digest
  readonly loggedAt: Instant
}

/** One logged decision, with everything that went into it. */
export interface PredictionRecord extends PredictionFacts {
  readonly format: 1
  /** Digest of what its lists mean: records of one contract have lists of the same names and types. Null where none was kept. */
  readonly contract: Digest | null
  readonly project: string
  readonly moment: string
  readonly model: string
  /** The moment's key, in its order. */
  readonly key: readonly NamedValue[]
  /** Each role with its entity's key: the one place where a record names entities. */
  readonly entities: readonly {
    readonly role: string
    readonly entity: string
    readonly key: readonly NamedValue[]
  }[]
  readonly request: readonly NamedValue[]
  readonly features: readonly (PredictionContract['features'][number] & {
    readonly value: Value | null
    readonly status: Status
  })[]
  readonly derived: readonly (PredictionContract['derived'][number] & { readonly value: Value | null })[]
}

/** A value with its name and type. */
export interface NamedValue extends ContractField {
  readonly value: Value | null
}

/** The values of one prediction by slot, as the predictor has them. */
export interface PredictionValues {
  readonly values: MomentValues
  /** A status for each feature of the wiring. */
  readonly statuses: readonly Status[]
}

/** Where the record of a model finds its values: slots in the order of the contract. */
export interface RecordSlots {
  readonly contract: Digest
  readonly key: readonly RecordSlot[]
  readonly entities: readonly (readonly RecordSlot[])[]
  readonly request: readonly RecordSlot[]
  /** `index` is the feature's place among the statuses. */
  readonly features: readonly (RecordSlot & { readonly index: number })[]
  readonly derived: readonly RecordSlot[]
}

/** A slot and the type of what stands in it. */
export interface RecordSlot {
  readonly slot: number
  readonly type: DtypeName
}

type Json = boolean | number | string | null

/** The bytes on disk: JSON in a checksummed frame, lists in the order of the contract that it names. */
interface StoredRecord {
  readonly v: 1
  readonly id: string
  readonly contract: Digest
  readonly deployment: string
  readonly item: string | null
  readonly at: Instant
  readonly as_of: Readonly<Record<string, Instant>>
  readonly tables: Readonly<Record<string, string>>
  readonly key: readonly Json[]
  readonly entities: readonly (readonly Json[])[]
  readonly request: readonly Json[]
  readonly features: readonly Json[]
  /** One digit a feature: its place in the list of statuses. */
  readonly statuses: string
  readonly derived: readonly Json[]
  readonly output: Readonly<Record<string, number>> | null
  readonly version: string | null
  readonly arm: PredictionFacts['arm']
  readonly action: string | null
  readonly propensity: number | null
  readonly parent: string | null
  readonly group: string | null
  readonly answered_by: AnsweredBy | null
  readonly reason: string | null
  readonly detail: string | null
  /** wait, lookup, derive, model; milliseconds */
  readonly latency: readonly [number, number, number, number]
  readonly manifest: Digest
  readonly logged_at: Instant
}

const utf8 = new TextEncoder()
const text = new TextDecoder()
const statusDigits = new Map<Status, string>(statuses.map((status, code) => [status, String(code)]))

/** The bytes of one prediction. */
export function encodePrediction(
  slots: RecordSlots,
  facts: PredictionFacts,
  { values, statuses: found }: PredictionValues,
): Uint8Array {
  const json = ({ slot, type }: RecordSlot): Json => {
    const value = values[slot] ?? null
    return typeof value === 'number' || type === 'bool' || type === 'string' ? (value as Json) : jsonValue(type, value) // instants stay numbers on disk
  }
  let digits = ''
  for (const { index } of slots.features) digits += statusDigits.get(found[index]!) ?? '6'
  const { latency } = facts
  const stored: StoredRecord = {
    v: 1,
    id: facts.predictionId,
    contract: slots.contract,
    deployment: facts.deployment,
    item: facts.item,
    at: facts.at,
    as_of: facts.asOf,
    tables: facts.tables,
    key: slots.key.map(json),
    entities: slots.entities.map((columns) => columns.map(json)),
    request: slots.request.map(json),
    features: slots.features.map(json),
    statuses: digits,
    derived: slots.derived.map(json),
    output: facts.output,
    version: facts.version,
    arm: facts.arm,
    action: facts.action,
    propensity: facts.propensity,
    parent: facts.parent,
    group: facts.group,
    answered_by: facts.answeredBy,
    reason: facts.reason,
    detail: facts.detail,
    latency: [rounded(latency.waitMs), rounded(latency.lookupMs), rounded(latency.deriveMs), rounded(latency.modelMs)],
    manifest: facts.manifest,
    logged_at: facts.loggedAt,
  }
  return utf8.encode(JSON.stringify(stored))
}

/** Microseconds are enough, and keep the record short. */
const rounded = (ms: number): number => Math.round(ms * 1000) / 1000

/** What a reader may want to know of a record before it is opened whole. */
export interface PredictionGlance {
  readonly predictionId: string
  readonly contract: Digest
  readonly deployment: string
  readonly at: Instant
  readonly loggedAt: Instant
  /** What traffic counts of it. */
  seen(): AnswerSeen
  /** The whole record, by its contract. */
  open(contract: PredictionContract): PredictionRecord
}

/** Reads the bytes of a prediction as far as it can be told without its contract. Raises `store_newer` for a later version. */
export function glanceAtPrediction(bytes: Uint8Array): PredictionGlance {
  const stored = JSON.parse(text.decode(bytes)) as StoredRecord // our own bytes: the frame's checksum held
  if (stored.v !== 1) {
    throw noonmarkError('store_newer', { message: `A prediction record of version ${String(stored.v)} is not known.` })
  }
  return {
    predictionId: stored.id,
    contract: stored.contract,
    deployment: stored.deployment,
    at: stored.at,
    loggedAt: stored.logged_at,
    seen: () => seenIn(stored),
    open: (contract) => openRecord(stored, contract),
  }
}

function seenIn(stored: StoredRecord): AnswerSeen {
  const [waitMs, lookupMs, deriveMs, modelMs] = stored.latency
  return {
    deployment: stored.deployment,
    givenAtMs: stored.logged_at,
    arm: stored.arm,
    answeredBy: stored.answered_by,
    reason: stored.reason,
    version: stored.version,
    probability: stored.output?.probability ?? null,
    latencyMs: totalMs({ waitMs, lookupMs, deriveMs, modelMs }),
  }
}

function openRecord(stored: StoredRecord, contract: PredictionContract): PredictionRecord {
  const named = (fields: readonly ContractField[], values: readonly Json[]): NamedValue[] =>
    fields.map(({ name, type }, index) => ({ name, type, value: fromStored(type, values[index] ?? null) }))
  const [waitMs, lookupMs, deriveMs, modelMs] = stored.latency
  return {
    format: 1,
    contract: stored.contract,
    predictionId: stored.id,
    project: contract.project,
    deployment: stored.deployment,
    moment: contract.moment,
    model: contract.model,
    key: named(contract.key, stored.key),
    item: stored.item,
    at: stored.at,
    asOf: stored.as_of,
    tables: stored.tables,
    entities: contract.entities.map(({ role, entity, key }, index) => ({
      role,
      entity,
      key: named(key, stored.entities[index] ?? []),
    })),
    request: named(contract.request, stored.request),
    features: contract.features.map((feature, index) => ({
      ...feature,
      value: fromStored(feature.type, stored.features[index] ?? null),
      status: statuses[Number(stored.statuses[index] ?? '6')] ?? 'unavailable',
    })),
    derived: contract.derived.map((derive, index) => ({
      ...derive,
      value: fromStored(derive.type, stored.derived[index] ?? null),
    })),
    output: stored.output,
    version: stored.version,
    arm: stored.arm,
    action: stored.action,
    propensity: stored.propensity,
    parent: stored.parent,
    group: stored.group,
    answeredBy: stored.answered_by,
    reason: stored.reason,
    detail: stored.detail,
    latency: { waitMs, lookupMs, deriveMs, modelMs },
    manifest: stored.manifest,
    loggedAt: stored.logged_at,
  }
}

function fromStored(type: DtypeName, json: Json): Value | null {
  if (json === null) return null
  if (type === 'int64') return BigInt(json)
  return type === 'timestamp' && typeof json === 'string' ? parseInstant(json) : json
}
