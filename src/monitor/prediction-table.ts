import type { Digest } from '../digest.ts'
import type { NamedValue, PredictionRecord } from '../serve/prediction-record.ts'
import { type DtypeName, type Table, takeRows } from '../values/index.ts'
import { type ColumnBuilder, columnBuilder } from './column-builder.ts'
import { plainColumns } from './prediction-columns.ts'

/** The predictions of one moment as a table, one row an answer that counts. */
export interface MomentPredictions {
  readonly moment: string
  readonly table: Table
  /** Records that were read, repeats included. */
  readonly records: number
  /** Records that do not count because the same was answered before. */
  readonly repeats: number
}

/**
 * Makes the predictions table of every moment, sorted by name, from logged records in any order. Of each deployment, moment
 * key, item and arm the first acknowledged answer counts (and of each shadow version its own): a caller who asks twice
 * changes nothing. Rows are in order of moment, then of id.
 */
export async function tabulatePredictions(
  records: Iterable<PredictionRecord> | AsyncIterable<PredictionRecord>,
): Promise<MomentPredictions[]> {
  const moments = new Map<string, MomentTable>()
  for await (const record of records) {
    let table = moments.get(record.moment)
    if (table === undefined) {
      table = new MomentTable()
      moments.set(record.moment, table)
    }
    table.add(record)
  }
  return [...moments].sort(([a], [b]) => (a < b ? -1 : 1)).map(([moment, table]) => ({ moment, ...table.build() }))
}

/** What of a record decides whether it is a repeat, and of what. */
function identity({ deployment, arm, version, key, item }: PredictionRecord): string {
  const answers = arm === 'shadow' ? version : null
  return JSON.stringify([deployment, arm, answers, item, key.map(({ value }) => String(value))])
}

interface Standing {
  readonly row: number
  readonly loggedAt: number
  readonly predictionId: string
  readonly at: number
}

/** Where the lists of a record go. */
interface ColumnPlan {
  readonly key: readonly ColumnBuilder[]
  readonly roles: readonly (readonly ColumnBuilder[])[]
  readonly request: readonly ColumnBuilder[]
  readonly derived: readonly ColumnBuilder[]
  readonly features: readonly {
    readonly value: ColumnBuilder
    readonly status: ColumnBuilder
    readonly digest: ColumnBuilder
  }[]
}

class MomentTable {
  readonly #columns = new Map<string, ColumnBuilder>()
  readonly #plans = new Map<Digest, ColumnPlan>()
  readonly #sources = { as_of: new Map<string, ColumnBuilder>(), table: new Map<string, ColumnBuilder>() }
  readonly #plain: Readonly<Record<keyof typeof plainColumns, ColumnBuilder>>
  readonly #standing = new Map<string, Standing>()
  #rows = 0

  constructor() {
    const plain = Object.entries(plainColumns).map(([name, type]) => [name, columnBuilder(type)] as const)
    for (const [name, column] of plain) this.#columns.set(name, column)
    this.#plain = Object.fromEntries(plain) as Readonly<Record<keyof typeof plainColumns, ColumnBuilder>> // an entry for each name
  }

  add(record: PredictionRecord): void {
    const key = identity(record)
    const other = this.#standing.get(key)
    const row = this.#rows++
    const { loggedAt, predictionId, at } = record
    const repeat =
      other !== undefined &&
      (other.loggedAt < loggedAt || (other.loggedAt === loggedAt && other.predictionId <= predictionId))
    if (repeat) return
    this.#standing.set(key, { row, loggedAt, predictionId, at })
    this.#fill(row, record)
  }

  build(): Omit<MomentPredictions, 'moment'> {
    const standing = [...this.#standing.values()].sort(
      (a, b) => a.at - b.at || (a.predictionId < b.predictionId ? -1 : 1),
    )
    const columns = Object.fromEntries([...this.#columns].map(([name, column]) => [name, column.build(this.#rows)]))
    const table = takeRows(
      { rows: this.#rows, columns },
      Uint32Array.from(standing, ({ row }) => row),
    )
    return { table, records: this.#rows, repeats: this.#rows - standing.length }
  }

  #fill(row: number, record: PredictionRecord): void {
    const { latency } = record
    const plain = this.#plain
    plain.prediction_id.set(row, record.predictionId)
    plain.deployment.set(row, record.deployment)
    plain.model.set(row, record.model)
    plain.item.set(row, record.item)
    plain.at.set(row, record.at)
    plain.logged_at.set(row, record.loggedAt)
    plain.version.set(row, record.version)
    plain.arm.set(row, record.arm)
    plain.answered_by.set(row, record.answeredBy)
    plain.reason.set(row, record.reason)
    plain.probability.set(row, record.output?.probability ?? null)
    plain.latency_ms.set(row, latency.waitMs + latency.lookupMs + latency.deriveMs + latency.modelMs)
    plain.wait_ms.set(row, latency.waitMs)
    plain.lookup_ms.set(row, latency.lookupMs)
    plain.derive_ms.set(row, latency.deriveMs)
    plain.model_ms.set(row, latency.modelMs)
    plain.manifest.set(row, record.manifest)
    const { key, roles, request, derived, features } = this.#planOf(record)
    for (let i = 0; i < key.length; i++) key[i]!.set(row, record.key[i]!.value)
    for (let role = 0; role < roles.length; role++) {
      const columns = roles[role]!
      for (let i = 0; i < columns.length; i++) columns[i]!.set(row, record.entities[role]!.key[i]!.value)
    }
    for (let i = 0; i < request.length; i++) request[i]!.set(row, record.request[i]!.value)
    for (let i = 0; i < derived.length; i++) derived[i]!.set(row, record.derived[i]!.value)
    for (let i = 0; i < features.length; i++) {
      const { value, status, digest } = record.features[i]!
      const columns = features[i]!
      columns.value.set(row, value)
      columns.status.set(row, status)
      columns.digest.set(row, digest)
    }
    for (const source in record.asOf) this.#source('as_of', source, 'timestamp').set(row, record.asOf[source]!)
    for (const source in record.tables) this.#source('table', source, 'string').set(row, record.tables[source]!)
  }

  /** The columns of a record's lists, in their order; found once for all records of a contract. */
  #planOf(record: PredictionRecord): ColumnPlan {
    const known = record.contract === null ? undefined : this.#plans.get(record.contract)
    if (known !== undefined) return known
    const named = (prefix: string, fields: readonly NamedValue[]) =>
      fields.map(({ name, type }) => this.#named(`${prefix}:${name}`, type).column)
    const plan: ColumnPlan = {
      key: named('key', record.key),
      roles: record.entities.map(({ role, key }) => named(`role:${role}`, key)),
      request: named('request', record.request),
      derived: named('derived', record.derived),
      features: record.features.map(({ role, view, feature, type }) => {
        const { name, column: value } = this.#named(`feature:${role}:${view}:${feature}`, type)
        const rest = name.slice('feature'.length)
        return {
          value,
          status: this.#named(`status${rest}`, 'string').column,
          digest: this.#named(`digest${rest}`, 'string').column,
        }
      }),
    }
    if (record.contract !== null) this.#plans.set(record.contract, plan)
    return plan
  }

  /** The column of a source, found once. */
  #source(kind: 'as_of' | 'table', source: string, type: DtypeName): ColumnBuilder {
    const columns = this.#sources[kind]
    let column = columns.get(source)
    if (column === undefined) {
      column = this.#named(`${kind}:${source}`, type).column
      columns.set(source, column)
    }
    return column
  }

  /** The column of a name, or of the name and its type where the name stood for another type before. */
  #named(name: string, type: DtypeName): { readonly name: string; readonly column: ColumnBuilder } {
    const known = this.#columns.get(name)
    if (known?.type === type) return { name, column: known }
    if (known !== undefined) return this.#named(`${name}:${type}`, type)
    const column = columnBuilder(type)
    this.#columns.set(name, column)
    return { name, column }
  }
}
