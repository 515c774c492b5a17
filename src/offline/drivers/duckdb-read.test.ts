import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { columnOf, columnValue } from '../../values/index.ts'
import type { OfflineEngine } from '../offline-engine.ts'
import { duckdbEngine } from './duckdb.ts'

/** Texts are read in pieces from this many rows on. */
const rows = 12_000

/** Around the lengths at which pieces end, of characters of one to four bytes, and of those that look alike. */
const randomText = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 60 }),
  fc.string({ unit: fc.constantFrom('a', '\u00e9', '\u20ac', '\u{1f600}', '\u0000'), maxLength: 40 }),
  fc.integer({ min: 0, max: 52 }).map((length) => 'x'.repeat(length)),
  fc.constant(null),
)

describe('texts read through pieces', () => {
  let folder: string
  let engine: OfflineEngine

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'noonmark-texts-'))
    engine = duckdbEngine({ rootDir: folder, tempDirectory: join(folder, 'temporary') })
  })
  afterAll(async () => {
    await engine.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it.each([
    ['whose first rows are short', 3],
    ['whose first rows take two pieces', 20],
    ['whose first rows take more pieces than are asked for', 300],
  ])('are those that were written, %s', async (_name, firstLength) => {
    const path = join(folder, `${firstLength}.parquet`)
    await fc.assert(
      fc.asyncProperty(fc.array(randomText, { minLength: 1, maxLength: 700 }), async (some) => {
        // The first 2,048 rows decide how many pieces are asked for; what comes later may be of any length.
        const texts = Array.from({ length: rows }, (_, row) =>
          row < 2048 ? `${row}`.padEnd(firstLength, '-') : some[(row * 7) % some.length]!,
        )
        await engine.writeTable({ rows, columns: { text: columnOf('string', texts) } }, path)
        const read = (await engine.readTable(path)).columns.text!
        expect(Array.from({ length: rows }, (_, row) => columnValue(read, row))).toEqual(texts)
        if (read.type !== 'string') throw new TypeError('texts were written')
        expect(new Set(read.dictionary).size).toBe(read.dictionary.length)
      }),
      { numRuns: 8 },
    )
  })
})
