import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ModelArtifact, predictRow, rowCoder } from '../artifact/index.ts'
import type { CheckSpec, InputSpec, ModelSpec } from '../define/index.ts'
import { isNoonmarkError } from '../errors.ts'
import { columnOf, columnValue, type DtypeName, type Table } from '../values/index.ts'
import { evaluate, predictTable, referenceRows } from './evaluation.ts'

const inputTypes: Readonly<Record<string, DtypeName>> = {
  distance: 'float',
  units: 'int64',
  sent: 'timestamp',
  open: 'bool',
  town: 'string',
}
const input = ([column, type]: readonly [string, DtypeName]): InputSpec => ({
  input: 'reference',
  column,
  type,
  reference: { reference: 'request', field: column, type },
})
const modelWith = (checks: readonly CheckSpec[]): ModelSpec =>
  ({ name: 'late', inputs: Object.entries(inputTypes).map(input), checks }) as unknown as ModelSpec // what evaluation looks at

/** A model whose log-odds grow with every input, and differ by town. */
const artifact: ModelArtifact = {
  kind: 'linear',
  inputs: [
    { name: 'distance', kind: 'number' },
    { name: 'units', kind: 'number' },
    { name: 'sent', kind: 'number' },
    { name: 'open', kind: 'number' },
    { name: 'town', kind: 'category', categories: ['a', 'b'] },
  ],
  linear: {
    objective: 'binary',
    intercept: -1,
    isCategory: Int32Array.of(0, 0, 0, 0, 1),
    mean: new Float64Array(5),
    scale: Float64Array.of(1, 1, 1000, 1, 1),
    missingWeight: Float64Array.of(0.1, 0.2, 0.3, 0.4, 0.5),
    weightStart: Int32Array.of(0, 1, 2, 3, 4, 6),
    weights: Float64Array.of(1, 0.5, 0.25, 0.125, -1, 1),
  },
}

const rowsOf = fc.array(
  fc.record({
    distance: fc.option(fc.double({ min: -2, max: 2, noNaN: true })),
    units: fc.option(fc.bigInt({ min: -3n, max: 3n })),
    sent: fc.option(fc.integer({ min: -3000, max: 3000 })),
    open: fc.option(fc.boolean()),
    town: fc.option(fc.constantFrom('b', 'a', 'c', 'z')),
    label: fc.boolean(),
  }),
  { minLength: 2, maxLength: 30 },
)
type TestRow = typeof rowsOf extends fc.Arbitrary<(infer R)[]> ? R : never

const tableOf = (rows: readonly TestRow[]): Table => ({
  rows: rows.length,
  columns: Object.fromEntries(
    Object.entries({ ...inputTypes, label: 'bool' as const }).map(([name, type]) => [
      name,
      columnOf(
        type,
        rows.map((row) => row[name as keyof TestRow]), // the same names
      ),
    ]),
  ),
})
const rows: readonly TestRow[] = [
  { distance: 1, units: 2n, sent: 1000, open: true, town: 'a', label: true },
  { distance: -1, units: null, sent: null, open: false, town: 'b', label: false },
]
const noLeakage = { futureColumns: [], recomputed: null, overlap: [], nearLabel: [] }

describe('predictions over a table', () => {
  it('are those of its rows one by one, whatever the order of its categories', () => {
    fc.assert(
      fc.property(rowsOf, (made) => {
        const table = tableOf(made)
        const code = rowCoder(artifact.inputs)
        const one = made.map((_, row) =>
          predictRow(
            artifact,
            code(
              Object.fromEntries(Object.keys(inputTypes).map((name) => [name, columnValue(table.columns[name]!, row)])),
            ),
          ),
        )
        expect([...predictTable(artifact, table)]).toEqual(one)
      }),
    )
  })
})

describe('rows of reference', () => {
  it('repeat the trainer, are at most as many as asked for and lie all over the table', () => {
    const many = Array.from({ length: 1001 }, (_, i) => ({ ...rows[i % 2]!, distance: i }))
    const table = tableOf(many)
    const probabilities = predictTable(artifact, table)
    const reference = referenceRows(modelWith([]), artifact, table, probabilities, 50)
    const own = reference.rows.slice(0, -2)
    expect(own.length).toBeGreaterThan(40)
    expect(own.length).toBeLessThanOrEqual(50)
    expect(Number(own.at(-1)![0])).toBeGreaterThan(950)
    const code = rowCoder(artifact.inputs)
    const again = reference.rows.map((values) =>
      predictRow(artifact, code(Object.fromEntries(reference.columns.map((name, i) => [name, values[i]!])))),
    )
    expect(reference.probabilities).toEqual(again)
    expect(JSON.parse(JSON.stringify(reference))).toEqual(reference)
  })

  it('end with one in which everything is missing and one whose categories were never seen', () => {
    const reference = referenceRows(modelWith([]), artifact, tableOf(rows), predictTable(artifact, tableOf(rows)))
    expect(reference.rows).toHaveLength(4)
    expect(reference.rows.at(-2)).toEqual([null, null, null, null, null])
    expect(reference.rows.at(-1)!.slice(0, 4)).toEqual([0, 0, 0, 0])
    expect(['a', 'b']).not.toContain(reference.rows.at(-1)![4])
  })
})

describe('an evaluation', () => {
  const evaluated = (checks: readonly CheckSpec[], champion: ModelArtifact | null = null) => {
    const table = tableOf(rows)
    return evaluate({
      model: modelWith(checks),
      artifact,
      validation: table,
      probabilities: predictTable(artifact, table),
      baseline: Float64Array.of(0.5, 0.5),
      champion: champion === null ? null : { version: 'late:1', artifact: champion },
      leakage: noLeakage,
    })
  }
  const example = (row: Readonly<Record<string, unknown>>): CheckSpec => ({
    check: 'example',
    name: 'example',
    row,
    probability: { atLeast: 0 },
  })
  const slice: CheckSpec = { check: 'slice', column: 'town', metric: 'auc', tolerance: 0.1, minRows: 1 }

  it('has the metrics of the model, of the rule and of every slice that a check asks for', () => {
    const { metrics } = evaluated([slice])
    expect(metrics.validation).toMatchObject({ rows: 2, auc: 1 })
    expect(metrics.baseline).toMatchObject({ rows: 2, auc: 0.5 })
    expect(metrics.slices.town).toMatchObject([
      { value: 'a', rows: 1 },
      { value: 'b', rows: 1 },
    ])
    expect(metrics.roc.length).toBeGreaterThan(1)
    expect(JSON.parse(JSON.stringify(metrics))).toEqual(metrics)
  })

  it('reads the row of an example as it stands in the manifest: instants and int64 as text', () => {
    const full = { distance: 1, units: '2', sent: '1970-01-01T00:00:01.000Z', open: true, town: 'a' }
    const [found] = evaluated([example(full)]).checks
    expect(found!.detail.probability).toBe(predictTable(artifact, tableOf(rows))[0])
    const [empty] = evaluated([example({})]).checks
    expect(empty!.detail.probability).toBe(predictRow(artifact, new Float64Array(5).fill(Number.NaN)))
  })

  it('refuses an example of something that is no input', () => {
    const refused = (() => {
      try {
        return evaluated([example({ height: 1 })])
      } catch (error) {
        return error
      }
    })()
    expect(isNoonmarkError(refused) && refused.code).toBe('definition_invalid')
  })

  it('asks the champion about the same rows, or says which of its inputs they lack or have otherwise', () => {
    expect(evaluated([slice], artifact).checks[0]!.passed).toBe(true)
    const older: ModelArtifact = {
      ...artifact,
      inputs: artifact.inputs.map((each, i) =>
        i === 0 ? { ...each, name: 'height' } : i === 1 ? { name: 'units', kind: 'category', categories: ['1'] } : each,
      ),
    }
    const [found] = evaluated([slice], older).checks
    expect(found).toMatchObject({ passed: false, detail: { champion: 'late:1', missing: ['height', 'units'] } })
  })
})
