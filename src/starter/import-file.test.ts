// Goal: what is drafted from a file loads as it stands, whatever the file's columns are called and hold, and nothing is ever
// overwritten. Method: files of random columns through the whole way; and a table of what is guessed from what.
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildManifest, loadProject } from '../plan/index.ts'
import { profileOf, rewrite } from '../platform/operations-files.ts'
import { importFile } from './import-file.ts'

let scratch: string
beforeAll(() => {
  scratch = realpathSync(mkdtempSync(join(tmpdir(), 'noonmark-import-')))
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

function newProject(): string {
  const rootDir = mkdtempSync(join(scratch, 'project-'))
  writeFileSync(
    join(rootDir, 'noonmark.config.ts'),
    "import { defineConfig } from 'noonmark'\nexport default defineConfig({ project: 'drafted' })\n",
  )
  return rootDir
}

const given = (name: string, text: string): string => {
  const file = join(mkdtempSync(join(scratch, 'given-')), name)
  writeFileSync(file, text)
  return file
}

const drafted = (rootDir: string, file: string, more: { name?: string; timeZone?: string } = {}) =>
  importFile({ rootDir, file, timeZone: null, profile: profileOf, rewrite, ...more })

const cell = (value: string): string => (/[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)
const csv = (rows: readonly (readonly string[])[]): string =>
  `${rows.map((row) => row.map(cell).join(',')).join('\n')}\n`
const day = (i: number): string => new Date(Date.parse('2026-01-01T00:00:00Z') + i * 7_200_000).toISOString()

/** How the values of a random column are made, by row. */
const kinds: Readonly<Record<string, (row: number, seed: number) => string>> = {
  number: (row, seed) => String(((row * 37 + seed) % 1000) / 10),
  whole: (row, seed) => String((row * seed) % 97),
  yesNo: (row, seed) => String((row + seed) % 3 === 0),
  few: (row, seed) => `value ${(row * seed) % 5}`,
  many: (row, seed) => `text, "${row}" ${seed}`,
  gaps: (row) => (row % 4 === 0 ? '' : String(row)),
  later: (row) => day(row + 5),
  naive: (row) => day(row).slice(0, 19).replace('T', ' '),
  constant: () => 'NL',
  zeros: (row) => `0${row % 7}`,
  empty: () => '',
}

describe('a draft of a file with random columns', () => {
  it('loads and builds as it stands', async () => {
    const column = fc.record({
      // Names as people write them: spaces, capitals, other alphabets, words of the language, names of our own.
      name: fc.oneof(
        fc.constantFrom(
          'class',
          'count',
          'at',
          'label',
          'Airport Name',
          'größe',
          'received',
          'a',
          'row',
          '1st',
          'orders',
          '__proto',
        ),
        fc.string({ minLength: 1, maxLength: 12 }).filter((name) => name.trim() !== '' && !/[\r\n"]/.test(name)),
      ),
      kind: fc.constantFrom(...Object.keys(kinds)),
      seed: fc.integer({ min: 1, max: 50 }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(column, { minLength: 1, maxLength: 7, selector: ({ name }) => name.trim().toLowerCase() }),
        fc.constantFrom('orders', 'x', 'gas', 'class', 'entities', 'count'),
        fc.boolean(),
        async (columns, name, hasId) => {
          const rows = Array.from({ length: 60 }, (_, row) => [
            ...(hasId ? [`id-${row}`] : []),
            day(row),
            ['north', 'south', 'west'][row % 3]!,
            ...columns.map(({ kind, seed }) => kinds[kind]!(row, seed)),
          ])
          const head = [...(hasId ? ['row id'] : []), 'happened', 'place', ...columns.map((one) => one.name.trim())]
          const clash = new Set(head.map((one) => one.toLowerCase())).size < head.length
          fc.pre(!clash)
          const rootDir = newProject()
          const { history } = await drafted(rootDir, given(`${name}.csv`, csv([head, ...rows])))
          const { manifest } = await buildManifest(await loadProject(rootDir))
          expect(Object.values(manifest.sources).map((source) => source.history)).toContain(history)
          expect(Object.keys(manifest.moments)).toHaveLength(1)
          const file = await profileOf(join(rootDir, history))
          for (const source of Object.values(manifest.sources))
            for (const declared of Object.keys(source.columns))
              expect(file.columns.map((one) => one.name)).toContain(declared)
        },
      ),
      { numRuns: 12 },
    )
  })
})

describe('what a draft guesses', () => {
  const rows = Array.from({ length: 40 }, (_, i) => [
    `A${i}`,
    ['north', 'south'][i % 2]!,
    `0${1000 + (i % 4)}`,
    String(i / 3),
    String(i % 2),
    day(i).slice(0, 19),
    day(i + 9),
    String(i % 5 === 0),
    'NL',
    i % 4 === 0 ? '' : `note ${i}`,
  ])
  const head = ['order', 'shop', 'zip', 'kilos', 'gift', 'ordered_at', 'delivered_at', 'late', 'country', 'note']
  const file = () => given('orders.csv', csv([head, ...rows]))

  it('is types, id, times, entities, and what is suspicious', async () => {
    const { reading, profile, look } = await drafted(newProject(), file())
    expect(Object.fromEntries(profile.columns.map(({ name, type }) => [name, type]))).toEqual({
      order: 'string',
      shop: 'string',
      zip: 'string',
      kilos: 'float',
      gift: 'bool',
      ordered_at: 'timestamp',
      delivered_at: 'timestamp',
      late: 'bool',
      country: 'string',
      note: 'string',
    })
    expect(reading).toMatchObject({ id: 'order', eventTime: 'ordered_at', endTime: 'delivered_at' })
    expect([...reading.entities].sort()).toEqual(['shop', 'zip'])
    expect([...reading.unknown.keys()]).toEqual(['gift', 'delivered_at', 'late', 'country', 'note'])
    expect(reading.unknown.get('delivered_at')).toContain('100 %')
    expect(look.join('\n')).toContain('in which zone')
  })

  it('takes the zone that it is told', async () => {
    const rootDir = newProject()
    const { look } = await drafted(rootDir, file(), { timeZone: 'Europe/Amsterdam' })
    expect(look.join('\n')).not.toContain('in which zone')
    expect(readFileSync(join(rootDir, 'features/orders.ts'), 'utf8')).toContain("timeZone: 'Europe/Amsterdam',")
  })

  it('is the same of JSON lines', async () => {
    const lines = rows.map((row) =>
      JSON.stringify(Object.fromEntries(head.map((name, i) => [name, row[i] === '' ? null : row[i]]))),
    )
    const rootDir = newProject()
    const { history, reading } = await drafted(rootDir, given('orders.jsonl', lines.join('\n')))
    expect(history).toBe('data/orders.parquet')
    expect(reading).toMatchObject({ id: 'order', eventTime: 'ordered_at', endTime: 'delivered_at' })
    await buildManifest(await loadProject(rootDir))
  })

  it('overwrites nothing, neither definitions nor data', async () => {
    const rootDir = newProject()
    await drafted(rootDir, file())
    const before = readFileSync(join(rootDir, 'features/orders.ts'), 'utf8')
    await expect(drafted(rootDir, file())).rejects.toMatchObject({ code: 'file_exists' })
    expect(readFileSync(join(rootDir, 'features/orders.ts'), 'utf8')).toBe(before)
    rmSync(join(rootDir, 'features'), { recursive: true })
    rmSync(join(rootDir, 'moments'), { recursive: true })
    writeFileSync(join(rootDir, 'data/orders.csv'), 'mine')
    await expect(drafted(rootDir, file())).rejects.toMatchObject({ code: 'file_exists' })
    expect(readFileSync(join(rootDir, 'data/orders.csv'), 'utf8')).toBe('mine')
  })

  it('reads a file of the project where it lies', async () => {
    const rootDir = newProject()
    writeFileSync(join(rootDir, 'mine.csv'), csv([head, ...rows]))
    const { history, files } = await drafted(rootDir, join(rootDir, 'mine.csv'))
    expect([history, ...files]).toEqual(['mine.csv', 'features/mine.ts', 'moments/mine.ts'])
  })

  it.each([
    ['no time at all', 'a,b\n1,2\n3,4\n', 'source_time_missing'],
    ['times with gaps', 'a,happened\nx,2026-01-01T00:00:00Z\ny,\n', 'source_time_missing'],
    ['two columns of one name', 'a,a\n1,2\n', 'source_file_unreadable'],
    ['text that is no table', 'a,b\n1,2,3\n"', 'source_file_unreadable'],
  ])('%s is refused, and nothing is written', async (_, text, code) => {
    const rootDir = newProject()
    await expect(drafted(rootDir, given('orders.csv', text))).rejects.toMatchObject({ code })
    await expect(loadProject(rootDir)).resolves.toMatchObject({ definitions: [] })
  })
})
