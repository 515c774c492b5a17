import type { MomentSpec } from '../define/index.ts'
import type { PredictionRecord } from '../serve/index.ts'
import { columnValue, type Table } from '../values/index.ts'

/** What is kept of an answer: its instants, and what says which of several was first. */
type Answer = Pick<PredictionRecord, 'asOf' | 'loggedAt' | 'predictionId'>

/**
 * For every row of the moments that was served and logged, up to which instant each source was known to its answer. Of each
 * deployment the first acknowledged answer to a moment key counts, as in metrics: a retry has seen more than the decision
 * had. Where deployments read a source in several requests, the earliest stands. A shadow answered nobody.
 * @returns for each source one instant a row, NaN where nothing was logged; sources without any are left out
 */
export async function loggedAsOf(
  records: AsyncIterable<PredictionRecord>,
  moment: MomentSpec,
  sources: readonly string[],
  moments: () => Promise<Table>,
): Promise<Readonly<Record<string, Float64Array>>> {
  // Reading past moments is dear, and where none was served there is nothing to match them with.
  let table: Table | undefined
  let rowsByKey: Map<string, number[]> | undefined
  const served = new Map<string, Map<string, Answer>>()
  for await (const record of records) {
    if (record.moment !== moment.name || record.arm === 'shadow') continue
    if (rowsByKey === undefined) {
      table = await moments()
      rowsByKey = keysOf(moment, table)
    }
    const values = new Map(record.key.map(({ name, value }) => [name, value]))
    const key = keyText(moment.key.map(({ name }) => values.get(name)))
    if (!rowsByKey.has(key)) continue
    const byDeployment = served.get(key) ?? new Map<string, Answer>()
    const { asOf, loggedAt, predictionId } = record
    const first = byDeployment.get(record.deployment)
    if (first === undefined || isEarlier(record, first))
      byDeployment.set(record.deployment, { asOf, loggedAt, predictionId })
    served.set(key, byDeployment)
  }
  const columns: Record<string, Float64Array> = {}
  for (const [key, byDeployment] of served) {
    const answers = [...byDeployment.values()].sort((a, b) => (isEarlier(a, b) ? -1 : 1))
    for (const source of sources) {
      const asOf = answers.find((answer) => answer.asOf[source] !== undefined)?.asOf[source]
      if (asOf === undefined) continue
      columns[source] ??= new Float64Array(table!.rows).fill(Number.NaN)
      for (const row of rowsByKey!.get(key)!) columns[source][row] = asOf
    }
  }
  return columns
}

function isEarlier(a: Answer, b: Answer): boolean {
  return a.loggedAt < b.loggedAt || (a.loggedAt === b.loggedAt && a.predictionId < b.predictionId)
}

/** The rows of each moment key; keys of a moment are not null. */
function keysOf(moment: MomentSpec, moments: Table): Map<string, number[]> {
  const columns = moment.key.map(({ name }) => moments.columns[name]!)
  const rows = new Map<string, number[]>()
  for (let row = 0; row < moments.rows; row++) {
    const key = keyText(columns.map((column) => columnValue(column, row)))
    const same = rows.get(key)
    if (same === undefined) rows.set(key, [row])
    else same.push(row)
  }
  return rows
}

const keyText = (values: readonly unknown[]): string => JSON.stringify(values.map(String))
