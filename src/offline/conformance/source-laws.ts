import { rm } from 'node:fs/promises'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type NaiveRow, naiveStanding } from '../../aggregate/index.ts'
import type { SourceSpec } from '../../define/index.ts'
import { formatInstant, type Instant, parseInstant, type Row, type Schema, tableRow } from '../../values/index.ts'
import type { SourceTable } from '../offline-engine.ts'
import { EngineFolder, type OpenOfflineEngine } from './harness.ts'
import { csvOf, hour, naiveRow, nullable, randomRows, randomSource, schema } from './random-rows.ts'

/** Laws of listing files and of which rows count. */
export function sourceLaws(open: OpenOfflineEngine): void {
  let folder: EngineFolder
  beforeEach(async () => {
    folder = await EngineFolder.open(open)
  })
  afterEach(() => folder.close())

  const source = randomSource({ available: { from: 'event' }, ids: true }, 'rows.parquet')
  const row: Row = { row_id: 'a', happened: 0, town: 'x', gate: 1, amount: 1.5 }

  describe('listing', () => {
    it('gives the same digest for the same rows, wherever the files lie and however they are named', async () => {
      const one = await folder.history(source, [row])
      const again = await folder.list(source)
      await folder.writeRows(source, 'copy/part-1.parquet', [row])
      const moved = await folder.list({ ...source, history: 'copy' })
      expect([again.digest, moved.digest]).toEqual([one.digest, one.digest])
      expect(one.files).toMatchObject([{ path: 'rows.parquet', origin: 'history', rows: 1 }])
      const changed = await folder.history(source, [{ ...row, amount: 2 }])
      expect(changed.digest).not.toBe(one.digest)
      expect((await folder.list(source, hour)).digest).not.toBe(changed.digest)
    })

    it.each([
      ['a folder, at any depth', 'in'],
      ['a glob', 'in/**/*.*'],
    ])('takes %s, Parquet and CSV alike', async (_, history) => {
      await folder.writeRows(source, 'in/a.parquet', [row])
      await folder.writeRows(source, 'in/deep/b.csv', [{ ...row, row_id: 'b' }])
      await folder.write('in/deep/notes.txt', 'not rows')
      const spec = { ...source, history }
      const version = await folder.list(spec)
      expect(version.files.map(({ path, rows }) => [path, rows])).toEqual([
        ['in/a.parquet', 1],
        ['in/deep/b.csv', 1],
      ])
      const table = await folder.engine.readSource(spec, version)
      expect([0, 1].map((i) => tableRow(table, i).row_id).sort()).toEqual(['a', 'b'])
    })

    it('takes a name with characters of patterns as it stands', async () => {
      const spec = { ...source, history: 'odd [1]*?.parquet' }
      const version = await folder.history(spec, [row])
      expect((await folder.engine.readSource(spec, version)).rows).toBe(1)
    })

    it('matches columns by name, whatever else a file has and in whatever order', async () => {
      const more: SourceSpec = {
        ...source,
        columns: { extra: schema.label!, ...source.columns, received: schema.label! },
      }
      await folder.writeRows(more, 'rows.parquet', [{ ...row, extra: 'e', received: 'r' }])
      const table = await folder.engine.readSource(source, await folder.list(source))
      expect(Object.keys(table.columns)).toEqual(Object.keys(source.columns))
    })

    it('reads a column that is declared optional and that files lack as null', async () => {
      const { planned: _, ...columns } = source.columns
      const optional: Schema = { ...source.columns, planned: { type: 'timestamp', nullability: 'optional' } }
      await folder.writeRows({ ...source, columns }, 'rows.parquet', [row])
      const spec = { ...source, columns: optional }
      expect(tableRow(await folder.engine.readSource(spec, await folder.list(spec)), 0).planned).toBeNull()
    })

    it('is of no file where the source has no history', async () => {
      const live = { ...source, history: null }
      const version = await folder.list(live)
      expect(version.files).toEqual([])
      expect((await folder.engine.readSource(live, version)).rows).toBe(0)
    })
  })

  describe('what does not fit is refused', () => {
    const refused = async (spec: SourceSpec, code: string, ...words: string[]) => {
      const error = await folder.list(spec).then(
        () => null,
        (cause: Error) => cause,
      )
      expect(error).toMatchObject({ code })
      for (const word of words) expect(error?.message).toContain(word)
    }
    const csv = { ...source, history: 'rows.csv' }

    it('a missing file', async () => {
      await refused(source, 'source_file_missing', 'parcels', 'rows.parquet')
      await refused({ ...source, history: 'none/*.csv' }, 'source_file_missing', 'none')
    })

    it('a missing column, with the name that was nearly right', async () => {
      await folder.write('rows.csv', csvOf(source.columns, [row]).replace('town', 'Town'))
      await refused(csv, 'source_column_missing', 'parcels', 'rows.csv', "'town'", 'Town')
    })

    it.each([
      ['town', 'int'],
      ['gate', 'bool'],
      ['amount', 'int'],
      ['amount', 'timestamp'],
      ['open', 'string'],
      ['happened', 'float'],
    ] as const)('a file whose %s is not %s', async (name, type) => {
      await folder.writeRows(source, 'rows.parquet', [row])
      const columns = { ...source.columns, [name]: { type, nullability: 'default' } as const }
      await refused({ ...source, columns }, 'source_column_type', `'${name}'`, type)
    })

    it('whole numbers beyond 2^53 in a column that is declared int or float', async () => {
      const wide: SourceSpec = { ...source, columns: { ...source.columns, gate: schema.units!, amount: schema.units! } }
      await folder.writeRows(wide, 'rows.parquet', [{ ...row, gate: 2n ** 53n, amount: 1n }])
      await refused(source, 'source_value_invalid', "'gate'", '9007199254740992', 'row 1')
      await folder.writeRows(wide, 'rows.parquet', [{ ...row, gate: 1n, amount: -(2n ** 53n) }])
      await refused(source, 'source_value_invalid', "'amount'")
    })

    it('a null id or event time, with a count and the first such row', async () => {
      const loose = { ...source, columns: schema }
      const without = { ...row, row_id: null }
      await folder.writeRows(loose, 'rows.parquet', [row, without, without])
      await refused(source, 'source_value_missing', "'row_id'", '2 rows', 'row 2', '"town":"x"')
      await folder.write('rows.csv', csvOf(schema, [row]).replace(formatInstant(0), ''))
      await refused(csv, 'source_value_missing', "'happened'", 'line 2')
    })

    it('infinity', async () => {
      await folder.writeRows(source, 'rows.parquet', [{ ...row, amount: Number.POSITIVE_INFINITY }])
      await refused(source, 'source_value_invalid', "'amount'", 'inf')
    })

    it.each([
      ['gate', '1.5'],
      ['gate', 'many'],
      ['amount', 'Infinity'],
      ['amount', '1,5'],
      ['amount', '1e999'],
      ['units', '9223372036854775808'],
      ['open', 'yes'],
      ['planned', '2001-02-29'],
      ['planned', '2001-01-01T24:00:00Z'],
      ['planned', 'tomorrow'],
    ])('a CSV cell of %s that says %s, by its line', async (name, text) => {
      const lines = csvOf(source.columns, [{ ...row, label: 'two\nlines' }, row]).split('\n')
      const place = Object.keys(source.columns).reverse().indexOf(name)
      const cells = lines.at(-1)!.split(',')
      cells[place] = `"${text}"`
      await folder.write('rows.csv', [...lines.slice(0, -1), cells.join(',')].join('\n'))
      await refused(csv, 'source_value_invalid', `'${name}'`, 'line 4', text)
    })

    it('text times without an offset where no zone is declared', async () => {
      await folder.write(
        'rows.csv',
        csvOf(source.columns, [row]).replace('1970-01-01T00:00:00.000Z', '1970-01-01 00:00'),
      )
      await refused(csv, 'source_time_naive', "'happened'", 'line 2', '1970-01-01 00:00')
      expect((await folder.list({ ...csv, timeZone: 'UTC' })).files).toHaveLength(1)
    })

    it('a zone that nobody knows', async () => {
      await folder.writeRows(csv, 'rows.csv', [row])
      await refused({ ...csv, timeZone: 'Mars/Olympus' }, 'time_zone_unknown', 'Mars/Olympus')
    })

    it('a file that is not what its name says', async () => {
      await folder.write('rows.parquet', 'not Parquet')
      await refused(source, 'source_file_unreadable', 'rows.parquet')
      await folder.write('rows.csv', 'a,a\n1,2')
      await refused(csv, 'source_file_unreadable', "'a'")
    })

    it('a file that was changed or taken away after it was pinned', async () => {
      const version = await folder.history(source, [row])
      await folder.writeRows(source, 'rows.parquet', [row, { ...row, row_id: 'b' }])
      await expect(folder.engine.readSource(source, version)).rejects.toMatchObject({ code: 'source_file_changed' })
      await rm(folder.path('rows.parquet'))
      await expect(folder.engine.readSource(source, version)).rejects.toMatchObject({ code: 'source_file_missing' })
    })
  })

  describe('values', () => {
    it('are those of the file, NaN null and -0 zero', async () => {
      await fc.assert(
        fc.asyncProperty(
          randomRows({ repeats: false }),
          fc.constantFrom('rows.parquet', 'rows.csv'),
          async (rows, history) => {
            const spec = { ...source, history }
            const version = await folder.history(spec, rows)
            const table = await folder.engine.readSource(spec, version)
            expect(rows.map((_, i) => tableRow(table, i))).toEqual(rows.map((each) => ({ ...each })))
          },
        ),
        { numRuns: 6 },
      )
      await folder.write(
        'rows.csv',
        'row_id,happened,amount,gate\na,1970-01-01T00:00Z,NaN,12.0\nb,1970-01-01T00:00Z,-0,\nc,1970-01-01T00:00Z,.5e1,+7',
      )
      const columns = Object.fromEntries(['row_id', 'happened', 'amount', 'gate'].map((name) => [name, schema[name]!]))
      const spec = { ...source, columns, history: 'rows.csv' }
      const table = await folder.engine.readSource(spec, await folder.list(spec))
      const read = [0, 1, 2].map((i) => tableRow(table, i))
      expect(read.map(({ amount, gate }) => [amount, gate])).toEqual([
        [null, 12],
        [0, null],
        [5, 7],
      ])
    })

    it('tell an empty text from a missing one in CSV', async () => {
      const csv = { ...source, history: 'rows.csv' }
      const version = await folder.history(csv, [
        { ...row, label: '' },
        { ...row, row_id: 'b', label: null },
        { ...row, row_id: 'c', label: 'a "quoted", text\nof two lines' },
      ])
      const table = await folder.engine.readSource(csv, version)
      expect([0, 1, 2].map((i) => tableRow(table, i).label)).toEqual(['', null, 'a "quoted", text\nof two lines'])
    })

    it('of times are read as anywhere else, with offsets, zones, finer fractions and before 1970', async () => {
      const zones = [
        'UTC',
        'America/New_York',
        'Europe/Amsterdam',
        'Australia/Lord_Howe',
        'Asia/Kathmandu',
        'America/St_Johns',
      ]
      // Around the changes of clocks of both hemispheres, and anywhere else.
      const around = fc
        .tuple(
          fc.constantFrom(
            '2001-04-01',
            '2001-10-28',
            '2020-03-29',
            '2020-10-25',
            '2024-04-07',
            '2024-10-06',
            '1969-12-31',
          ),
          fc.integer({ min: 0, max: 23 * 60 + 59 }),
        )
        .map(([date, minute]) => `${date}T${two(Math.floor(minute / 60))}:${two(minute % 60)}`)
      const anywhere = fc.integer({ min: -1e12, max: 2e12 }).map((ms) => formatInstant(ms).slice(0, 16))
      const text = fc
        .tuple(
          fc.oneof(around, anywhere),
          fc.constantFrom('', ':00', ':59.9', ':07.1234', ':59,999999999', ':00.0005'),
          fc.constantFrom('', 'Z', '+02:00', '-0930', '+14', ' +05:45'),
          fc.boolean(),
        )
        .map(([minute, second, offset, space]) => `${space ? minute.replace('T', ' ') : minute}${second}${offset}`)
      const columns = { row_id: schema.row_id!, happened: schema.happened! }
      await fc.assert(
        fc.asyncProperty(
          fc.array(text, { minLength: 20, maxLength: 60 }),
          fc.constantFrom(...zones),
          async (texts, timeZone) => {
            const spec = { ...source, columns, timeZone, history: 'rows.csv' }
            await folder.write('rows.csv', ['row_id,happened', ...texts.map((each, i) => `${i},"${each}"`)].join('\n'))
            const table = await folder.engine.readSource(spec, await folder.list(spec))
            const read = Array.from(table.event, (ms, i) => `${texts[i]} ${formatInstant(ms)}`)
            expect(read).toEqual(texts.map((each) => `${each} ${formatInstant(parseInstant(each, { timeZone }))}`))
          },
        ),
        { numRuns: 10 },
      )
    })
  })

  describe('rows that count', () => {
    const cutover = fc.constantFrom<Instant | null>(null, -hour, 0, 3 * hour)
    const stamps = fc.array(nullable(fc.integer({ min: 0, max: 6 * hour })), { minLength: 40, maxLength: 40 })

    it.each([
      [true, 'event'],
      [true, 'column'],
      [false, 'column'],
    ] as const)(
      'are one for each id before the cutover and after (ids: %s, available from the %s)',
      async (ids, from) => {
        const spec = randomSource(
          { available: from === 'event' ? { from } : { from, column: 'published' }, ids },
          'rows.parquet',
        )
        await fc.assert(
          fc.asyncProperty(
            randomRows({ repeats: true, maxLength: 30 }),
            randomRows({ repeats: false, maxLength: 30 }),
            stamps,
            cutover,
            async (history, received, delays, cutoverMs) => {
              // Half of the received rows have ids of history, which their log, knowing nothing of it, let in once.
              const log = received.map((each, i) => ({
                row: { ...each, row_id: i % 2 === 0 ? `id-${i}` : each.row_id! },
                received: 4 * hour + i,
                available: delays[i] === null ? null : 4 * hour + delays[i]!,
              }))
              const version = await folder.withLog(await folder.history(spec, history, cutoverMs), spec, log)
              const table = await folder.engine.readSource(spec, version)
              expect(described(table)).toEqual(naiveCounted(spec, history, log, cutoverMs))
              const before = await folder.engine.readSource(spec, version, { knownBeforeMs: 4 * hour + 10 })
              expect(described(before)).toEqual(
                naiveCounted(spec, history, log, cutoverMs).filter((line) => {
                  const { known } = JSON.parse(line)
                  return known !== null && known < 4 * hour + 10
                }),
              )
            },
          ),
          { numRuns: 5 },
        )
      },
    )

    it('are all that were received where there is no history to repeat', async () => {
      const live = { ...randomSource({ available: { from: 'event' }, ids: false }, null) }
      const log = [-2, -1, 0].map((hours) => ({
        row: { ...row, happened: hours * hour },
        received: hour,
        available: hour,
      }))
      const empty = { ...(await folder.history(source, [])), cutoverMs: 0, files: [] }
      const table = await folder.engine.readSource(live, await folder.withLog(empty, live, log))
      expect(table.rows).toBe(3)
    })

    it('are told apart by their canonical bytes where ids and times are equal', async () => {
      const rows = ['b', 'a', 'c'].map((label) => ({ ...row, label }))
      const table = await folder.engine.readSource(source, await folder.history(source, rows))
      expect([table.rows, tableRow(table, 0).label]).toEqual([1, 'a'])
    })
  })
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

interface Received {
  readonly row: Row
  readonly received: Instant
  readonly available: Instant | null
}

/** A row with its times as text, to be compared as a multiset. */
function line(row: Row, event: number, available: number | null, received: number | null): string {
  const known = available === null ? null : Math.max(event, available)
  const plain = Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? `${value}n` : value]),
  )
  const sorted = Object.fromEntries(Object.entries(plain).sort(([a], [b]) => (a < b ? -1 : 1)))
  return JSON.stringify({ row: sorted, event, available, known, received })
}

function described(table: SourceTable): string[] {
  const orNull = (value: number) => (Number.isNaN(value) ? null : value)
  return Array.from({ length: table.rows }, (_, i) =>
    line(tableRow(table, i), table.event[i]!, orNull(table.available[i]!), orNull(table.received[i]!)),
  ).sort()
}

/** Identity and Cutover straight from the contract. */
function naiveCounted(
  source: SourceSpec,
  history: readonly Row[],
  log: readonly Received[],
  cutoverMs: Instant | null,
): string[] {
  const declaredKnown = ({ eventMs, availableMs }: NaiveRow) =>
    availableMs === null ? Number.POSITIVE_INFINITY : Math.max(eventMs, availableMs)
  const cutover = cutoverMs ?? Number.POSITIVE_INFINITY
  const standing = naiveStanding(
    history.map((row) => naiveRow(source, row)).filter((row) => cutoverMs === null || declaredKnown(row) < cutover),
  )
  const ids = new Set(standing.map(({ id }) => id))
  const counted = log.filter(({ row }) => {
    const naive = naiveRow(source, row)
    if (source.id === null) return cutoverMs === null || declaredKnown(naive) >= cutover
    return !ids.has(naive.id) || (cutoverMs !== null && naive.eventMs >= cutover)
  })
  return [
    ...standing.map(({ row, eventMs, availableMs }) => line(row, eventMs, availableMs, null)),
    ...counted.map(({ row, received, available }) => line(row, Number(row.happened), available, received)),
  ].sort()
}
