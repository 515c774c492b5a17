// biome-ignore-all lint/complexity/useLiteralKeys: private fields of the library are reached by literal keys only
import type { DuckDBConnection, DuckDBVector } from '@duckdb/node-api'
import { DuckDBBigIntVector, DuckDBDoubleVector, DuckDBUTinyIntVector, DuckDBVarCharVector } from '@duckdb/node-api'
import type { Column, DtypeName } from '../../values/index.ts'
import { TextCodes } from './text-codes.ts'

/** A column to read: SQL that gives a value of the type (see `SqlDialect`), null where it is missing. */
export interface ReadColumn {
  readonly sql: string
  readonly type: DtypeName
}

/** Columns being filled from one or several queries, each row at its place. */
export interface ColumnReader {
  /** Runs a query over `from` and puts its rows at `offset`. @returns how many rows it gave */
  read(connection: DuckDBConnection, from: string, columns: readonly ReadColumn[], offset: number): Promise<number>
  finish(): Column[]
}

/**
 * Reads columns through DuckDB's vectors into typed arrays: no value becomes an object on the way. The arrays inside the
 * vectors (`vector['items']` and the like) are private in the library's types, and much the fastest way to the values.
 * @param rows how many rows there will be in all
 * @param mask texts are read only for rows where this is 1 (they are the dear part); all where null
 */
export function columnReader(types: readonly DtypeName[], rows: number, mask: Uint8Array | null = null): ColumnReader {
  let targets: readonly Target[] | undefined
  return {
    async read(connection, from, columns, offset) {
      targets ??= await targetsFor(connection, from, columns, rows, mask)
      const selected = columns.flatMap(({ sql }, place) => targets![place]!.select(sql))
      const result = await connection.stream(`SELECT ${selected.join(', ') || 'true'} FROM ${from}`)
      let count = 0
      for (;;) {
        const chunk = await result.fetchChunk()
        if (chunk === null || chunk.rowCount === 0) return count
        if (offset + count + chunk.rowCount > rows) throw new RangeError('a query gave more rows than were counted')
        let vector = 0
        for (const target of targets) {
          const vectors = Array.from({ length: target.vectors }, () => chunk.getColumnVector(vector++))
          target.append(vectors, offset + count, chunk.rowCount)
        }
        count += chunk.rowCount
      }
    },
    finish: () => (targets ?? types.map((type) => targetOf(type, rows, mask, 1))).map((target) => target.finish()),
  }
}

/** Texts of more than so many pieces are read whole: asking for ever more pieces would cost more than it saves. */
const mostPieces = 4

async function targetsFor(
  connection: DuckDBConnection,
  from: string,
  columns: readonly ReadColumn[],
  rows: number,
  mask: Uint8Array | null,
): Promise<Target[]> {
  const texts = columns.filter(({ type }) => type === 'string')
  // A table of few rows is not worth a question of its own.
  if (texts.length === 0 || rows < 10_000) return columns.map(({ type }) => targetOf(type, rows, mask, 1))
  const lengths = texts.map((_, i) => `max(strlen(t${i})) AS t${i}`)
  const looked = texts.map(({ sql }, i) => `${sql} AS t${i}`)
  const [longest] = await askRows(
    connection,
    `SELECT ${lengths.join(', ')} FROM (SELECT ${looked.join(', ')} FROM ${from} LIMIT 2048)`,
  )
  let place = 0
  return columns.map(({ type }) => {
    const bytes = type === 'string' ? Number(longest?.[`t${place++}`] ?? 0) : 0
    return targetOf(type, rows, mask, Math.max(1, Math.min(mostPieces, Math.ceil(bytes / 12))))
  })
}

/** Where the values of one column go. */
interface Target {
  /** How many vectors it takes. */
  readonly vectors: number
  select(sql: string): string[]
  append(vectors: readonly DuckDBVector[], offset: number, count: number): void
  finish(): Column
}

function targetOf(type: DtypeName, rows: number, mask: Uint8Array | null, pieces: number): Target {
  if (type === 'string') return textTarget(rows, mask, pieces)
  if (type === 'int64') return integerTarget(rows)
  const values = new Float64Array(rows)
  const nan = `CAST('NaN' AS DOUBLE)`
  return {
    vectors: 1,
    select: (sql) => [
      type === 'bool'
        ? `(CASE WHEN ${sql} THEN 1.0::DOUBLE WHEN NOT ${sql} THEN 0.0::DOUBLE ELSE ${nan} END)`
        : `coalesce(CAST(${sql} AS DOUBLE), ${nan})`,
    ],
    append([vector], offset, count) {
      if (!(vector instanceof DuckDBDoubleVector)) throw unexpected('DOUBLE', vector)
      values.set(vector['items'].subarray(0, count), offset)
    },
    finish() {
      for (let row = 0; row < rows; row++) values[row]! += 0 // makes -0 a 0
      return { type, values }
    },
  }
}

function integerTarget(rows: number): Target {
  const values = new BigInt64Array(rows)
  const nulls = new Uint8Array(rows)
  return {
    vectors: 2,
    select: (sql) => [`coalesce(CAST(${sql} AS BIGINT), 0::BIGINT)`, `CAST(${sql} IS NULL AS UTINYINT)`],
    append([whole, missing], offset, count) {
      if (!(whole instanceof DuckDBBigIntVector)) throw unexpected('BIGINT', whole)
      if (!(missing instanceof DuckDBUTinyIntVector)) throw unexpected('UTINYINT', missing)
      values.set(whole['items'].subarray(0, count), offset)
      nulls.set(missing['items'].subarray(0, count), offset)
    },
    finish: () => ({ type: 'int64', values, nulls }),
  }
}

/** Words of 32 bits that DuckDB keeps of a text within the vector itself: 12 bytes. */
const inlineWords = 3

/**
 * Texts arrive as DuckDB's string_t, 16 bytes each: the length, then 12 bytes of text where it fits into them, else a
 * pointer, and following one costs a call into the library. So DuckDB is asked for longer texts in pieces of 12 characters
 * as well, and the bytes are taken from those. A piece of other than ASCII may not fit: then the pointer is followed.
 * @param pieces how many pieces of 12 characters the texts mostly have; a longer one is still read
 */
function textTarget(rows: number, mask: Uint8Array | null, pieces: number): Target {
  const codes = new Int32Array(rows).fill(-1)
  const texts = new TextCodes(pieces * inlineWords)
  const text = new Int32Array(pieces * inlineWords)
  const cuts = pieces === 1 ? [] : Array.from({ length: pieces }, (_, i) => 12 * i + 1)
  return {
    vectors: 1 + cuts.length,
    select: (sql) => [sql, ...cuts.map((from) => `substr(${sql}, ${from}, 12)`)],
    append(vectors, offset, count) {
      const [first, ...rest] = vectors.map(stringWords) as [Int32Array, ...Int32Array[]] // one vector at least
      const whole = vectors[0] as DuckDBVarCharVector // stringWords has looked
      const validity = whole['validity']['data'] as BigUint64Array | null // not in its declaration, which only hides it
      const valid = validity === null ? null : new Uint8Array(validity.buffer, validity.byteOffset, validity.byteLength)
      for (let i = 0; i < count; i++) {
        if (mask !== null && mask[offset + i] !== 1) continue
        if (valid !== null && ((valid[i >> 3]! >> (i & 7)) & 1) === 0) continue
        const length = first[4 * i]!
        codes[offset + i] =
          length <= 12
            ? texts.words(length, short(first, i, text))
            : assemble(rest, i, length, text)
              ? texts.words(length, text)
              : texts.text(String(whole.getItem(i)))
      }
    },
    finish: () => ({ type: 'string', codes, dictionary: texts.dictionary }),
  }
}

function stringWords(vector: DuckDBVector): Int32Array {
  if (!(vector instanceof DuckDBVarCharVector)) throw unexpected('VARCHAR', vector)
  const { buffer, byteOffset, byteLength } = vector['dataView']
  return new Int32Array(buffer, byteOffset, byteLength >> 2)
}

/** Puts a text of at most 12 bytes into `text`, zeros behind it. */
function short(words: Int32Array, row: number, text: Int32Array): Int32Array {
  text[0] = words[4 * row + 1]!
  text[1] = words[4 * row + 2]!
  text[2] = words[4 * row + 3]!
  for (let i = inlineWords; i < text.length; i++) text[i] = 0
  return text
}

/** Puts a longer text together from its pieces. @returns false where they do not hold all of it, each at its place */
function assemble(pieces: readonly Int32Array[], row: number, length: number, text: Int32Array): boolean {
  if (length > 12 * pieces.length) return false
  for (let piece = 0; piece < pieces.length; piece++) {
    const words = pieces[piece]!
    // A piece has as many bytes as characters where all are ASCII; else its bytes would lie at other places.
    if (words[4 * row] !== Math.min(12, Math.max(0, length - 12 * piece))) return false
    for (let i = 0; i < inlineWords; i++) text[inlineWords * piece + i] = words[4 * row + 1 + i]!
  }
  return true
}

function unexpected(wanted: string, vector: DuckDBVector | undefined): TypeError {
  return new TypeError(`expected a vector of ${wanted}, and got ${String(vector?.type)}`)
}

/** The rows of a small result, by column name. For questions of a few rows, never for data. */
export async function askRows(connection: DuckDBConnection, sql: string): Promise<Record<string, unknown>[]> {
  const result = await connection.runAndReadAll(sql)
  return result.getRowObjectsJS()
}
