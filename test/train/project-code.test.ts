// Goal: rules and derives see the same values over a training set as at a request, and their faults name the row. Method: real worker
// threads, columns of every type with nulls, and faults beyond the first batch.
import { afterAll, describe, expect, it } from 'vitest'
import type { DeriveSpec, ModelSpec } from '../../src/define/index.ts'
import { digestBytes } from '../../src/digest.ts'
import { openProjectCode } from '../../src/platform/project-code.ts'
import { runBaseline } from '../../src/train/baseline.ts'
import { deriveColumns } from '../../src/train/index.ts'
import { type Column, columnOf, columnValue, type DtypeName, type Table } from '../../src/values/index.ts'

const sources = new Map<string, string>()
const code = openProjectCode({ source: async (digest) => sources.get(digest)! })
afterAll(() => code.pool.close())

/** The digest of a function's text. */
const coded = (text: string): string => {
  const source = `export default ${text}`
  sources.set(digestBytes(source), source)
  return digestBytes(source)
}

const table: Table = {
  rows: 3,
  columns: {
    share: columnOf('float', [0.25, null, 0]),
    pieces: columnOf('int', [3, null, -1]),
    units: columnOf('int64', [2n ** 60n, null, -1n]),
    open: columnOf('bool', [true, null, false]),
    town: columnOf('string', ['a', null, 'é']),
    sent: columnOf('timestamp', [Date.UTC(2026, 0, 1, 5), null, -1]),
  },
}
const types = Object.entries(table.columns).map(([column, { type }]) => ({ column, type }))
const modelWith = (rule: string | null): ModelSpec =>
  ({ name: 'late', inputs: types, baseline: rule === null ? null : coded(rule) }) as unknown as ModelSpec // all that a rule is run with

const derived = (text: string, type: DtypeName): DeriveSpec => ({
  input: 'derive',
  name: 'made',
  type,
  nullable: true,
  inputs: Object.fromEntries(
    types.map(({ column, type }) => [column, { reference: 'request', field: column, type }] as const),
  ),
  code: coded(text),
})
const deriveOver = (text: string, type: DtypeName, over = table): Promise<Readonly<Record<string, Column>>> =>
  deriveColumns(code, [derived(text, type)], {
    rows: over.rows,
    column: (input) => over.columns[input.reference === 'request' ? input.field : '']!,
  })

describe('code over a training set', () => {
  it('sees values of every type as it sees them at a request, and null where one is missing', async () => {
    const { made } = await deriveOver(
      `({ share, pieces, units, open, town, sent }) => JSON.stringify([share, pieces, typeof units === 'bigint' ? String(units) + 'n' : units,
        open, town, sent instanceof Date ? sent.toISOString() : sent])`,
      'string',
    )
    expect([0, 1, 2].map((row) => JSON.parse(String(columnValue(made!, row))))).toEqual([
      [0.25, 3, '1152921504606846976n', true, 'a', '2026-01-01T05:00:00.000Z'],
      [null, null, null, null, null, null],
      [0, -1, '-1n', false, 'é', '1969-12-31T23:59:59.999Z'],
    ])
  })

  it('gives columns of the declared type; undefined and NaN are null', async () => {
    const { made } = await deriveOver('({ pieces }) => (pieces === 3 ? new Date(7.9) : undefined)', 'timestamp')
    expect([0, 1, 2].map((row) => columnValue(made!, row))).toEqual([7, null, null])
    const { made: wide } = await deriveOver('({ units }) => units', 'int64')
    expect([0, 1, 2].map((row) => columnValue(wide!, row))).toEqual([2n ** 60n, null, -1n])
    const none = await deriveOver('() => 1', 'int', { ...table, rows: 0 })
    expect(none.made).toEqual(columnOf('int', []))
  })

  it('fails by the name of the derive and the row, also beyond the first batch', async () => {
    await expect(deriveOver('({ open }) => (open === false ? 1.5 : 1)', 'int')).rejects.toMatchObject({
      code: 'code_result',
      message: expect.stringContaining('derive made in row 2 returned 1.5'),
    })
    const rows = 45_000
    const long = {
      rows,
      columns: {
        ...table.columns,
        pieces: columnOf(
          'int',
          Array.from({ length: rows }, (_, i) => i),
        ),
      },
    }
    const columns = Object.fromEntries(
      Object.entries(long.columns).map(([name, column]) => [name, lengthen(column, rows)]),
    )
    await expect(
      deriveOver("({ pieces }) => { if (pieces === 41000) throw new Error('no'); return pieces }", 'int', {
        rows,
        columns,
      }),
    ).rejects.toMatchObject({
      code: 'code_failed',
      message: expect.stringMatching(/derive made failed in row 41000: Error: no/),
    })
    const { made } = await deriveOver('({ pieces }) => pieces', 'int', { rows, columns })
    expect(made).toEqual(columns.pieces)
  })
})

/** The column over and over, unless it is long enough. */
function lengthen(column: Column, rows: number): Column {
  const length = column.type === 'string' ? column.codes.length : column.values.length
  if (length === rows) return column
  return columnOf(
    column.type,
    Array.from({ length: rows }, (_, row) => columnValue(column, row % length)),
  )
}

describe('the baseline rule over a training set', () => {
  it('gives a probability a row, and null where a model has none', async () => {
    expect(await runBaseline(code, modelWith(null), table)).toBeNull()
    const found = await runBaseline(
      code,
      modelWith('async ({ share, open }) => share ?? (open === null ? 1 : 0.5)'),
      table,
    )
    expect(found).toEqual(Float64Array.of(0.25, 1, 0))
  })

  it.each([
    ['({ share }) => share', 'null for row 1'],
    ['() => 1.01', '1.01 for row 0'],
    ['({ pieces }) => (pieces === -1 ? -0.1 : 0)', '-0.1 for row 2'],
    ["() => 'half'", '"half" for row 0'],
    ['() => NaN', 'NaN for row 0'],
    ['() => undefined', 'undefined for row 0'],
    ['() => 1n', '1 for row 0'],
  ])('refuses what is no probability, by its row: %s', async (rule, words) => {
    await expect(runBaseline(code, modelWith(rule), table)).rejects.toMatchObject({
      code: 'code_result',
      message: expect.stringContaining(`The baseline of late returned ${words}`),
      path: 'model late > baseline',
    })
  })
})
