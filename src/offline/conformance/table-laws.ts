import { writeFile } from 'node:fs/promises'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { columnOf, type Table, tableRow, takeRows } from '../../values/index.ts'
import { tableDigest } from '../table-digest.ts'
import { EngineFolder, type OpenOfflineEngine } from './harness.ts'
import { randomRows, schema, tableOf } from './random-rows.ts'

/** Laws of tables written and read. */
export function tableLaws(open: OpenOfflineEngine): void {
  let folder: EngineFolder
  beforeEach(async () => {
    folder = await EngineFolder.open(open)
  })
  afterEach(() => folder.close())

  const rowsOf = (table: Table) => Array.from({ length: table.rows }, (_, row) => tableRow(table, row))

  it('come back as they were: types, values, nulls, order, repeats', async () => {
    await fc.assert(
      fc.asyncProperty(randomRows({ repeats: true }), async (rows) => {
        const table = tableOf(schema, [...rows, ...rows])
        const written = await folder.engine.writeTable(table, folder.path('out/table.parquet'))
        const read = await folder.engine.readTable(folder.path('out/table.parquet'))
        expect(rowsOf(read)).toEqual(rowsOf(table))
        expect(Object.entries(read.columns).map(([name, { type }]) => [name, type])).toEqual(
          Object.entries(schema).map(([name, { type }]) => [name, type]),
        )
        expect(written).toMatchObject({ rows: table.rows })
        expect(tableDigest(read)).toBe(tableDigest(table))
      }),
      { numRuns: 8 },
    )
  })

  it('keep the order of many rows, and give only the columns asked for', async () => {
    const rows = 300_000
    const number = Float64Array.from({ length: rows }, (_, i) => (i * 7919) % rows)
    const dictionary = Array.from({ length: 1000 }, (_, i) => `text number ${i}`)
    const codes = Int32Array.from({ length: rows }, (_, i) => (i % 7 === 0 ? -1 : (i * 31) % 1000))
    const table: Table = {
      rows,
      columns: { number: { type: 'int', values: number }, text: { type: 'string', codes, dictionary } },
    }
    const path = folder.path('many.parquet')
    await folder.engine.writeTable(table, path)
    const read = await folder.engine.readTable(path)
    expect(tableDigest(read)).toBe(tableDigest(table))
    const part = await folder.engine.readTable(path, ['number'])
    expect(Object.keys(part.columns)).toEqual(['number'])
    expect(part.columns.number).toEqual({ type: 'int', values: number })
    await expect(folder.engine.readTable(path, ['nothing'])).rejects.toMatchObject({ code: 'not_found' })
  })

  it('may be empty', async () => {
    const path = folder.path('empty.parquet')
    await folder.engine.writeTable(tableOf(schema, []), path)
    expect((await folder.engine.readTable(path)).rows).toBe(0)
  })

  it('have a digest of their content: of rows in their order, not of dictionaries or the order of columns', () => {
    const table = tableOf(schema, [
      { town: 'b', gate: 1 },
      { town: 'a', gate: null },
    ])
    const { town, ...others } = table.columns
    const recoded = { type: 'string', codes: Int32Array.of(2, 0), dictionary: ['a', 'unused', 'b'] } as const
    expect(tableDigest({ rows: 2, columns: { ...others, town: recoded } })).toBe(tableDigest(table))
    expect(town).toBeDefined()
    const digests = [
      table,
      takeRows(table, Uint32Array.of(1, 0)),
      takeRows(table, Uint32Array.of(0)),
      { rows: 2, columns: { ...table.columns, gate: columnOf('float', [1, null]) } },
      { rows: 2, columns: { ...table.columns, gate: columnOf('int', [1, 0]) } },
      { rows: 2, columns: { ...others, place: town! } },
    ].map((each) => tableDigest(each))
    expect(new Set(digests).size).toBe(digests.length)
  })

  it('refuse what is not one of them', async () => {
    await writeFile(folder.path('other.parquet'), 'not Parquet')
    await expect(folder.engine.readTable(folder.path('other.parquet'))).rejects.toMatchObject({ code: 'table_invalid' })
    await expect(folder.engine.readTable(folder.path('none.parquet'))).rejects.toMatchObject({ code: 'table_invalid' })
  })
}
