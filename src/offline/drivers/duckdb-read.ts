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
  const targets = types.map((type) => targetOf(type, rows, mask))
  return {
    async read(connection, from, columns, offset) {
      const selected = columns.flatMap(({ sql }, place) => targets[place]!.select(sql))
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
    finish: () => targets.map((target) => target.finish()),
  }
}

/** Where the values of one column go. */
interface Target {
  /** How many vectors it takes. */
  readonly vectors: number
  select(sql: string): string[]
  append(vectors: readonly DuckDBVector[], offset: number, count: number): void
  finish(): Column
}

function targetOf(type: DtypeName, rows: number, mask: Uint8Array | null): Target {
  if (type === 'string') return textTarget(rows, mask)
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

function textTarget(rows: number, mask: Uint8Array | null): Target {
  const codes = new Int32Array(rows).fill(-1)
  const texts = new TextCodes()
  return {
    vectors: 1,
    select: (sql) => [sql],
    append([vector], offset, count) {
      if (!(vector instanceof DuckDBVarCharVector)) throw unexpected('VARCHAR', vector)
      // The bytes of DuckDB's string_t, 16 a text: its length, then 12 bytes of text where it fits into them.
      const { buffer, byteOffset } = vector['dataView']
      const words = new Int32Array(buffer, byteOffset, count * 4)
      const validity = vector['validity']['data'] as BigUint64Array | null // not in its declaration, which only hides it
      const valid = validity === null ? null : new Uint8Array(validity.buffer, validity.byteOffset, validity.byteLength)
      for (let i = 0; i < count; i++) {
        if (mask !== null && mask[offset + i] !== 1) continue
        if (valid !== null && ((valid[i >> 3]! >> (i & 7)) & 1) === 0) continue
        codes[offset + i] =
          words[4 * i]! <= 12
            ? texts.short(words[4 * i]!, words[4 * i + 1]!, words[4 * i + 2]!, words[4 * i + 3]!, () =>
                String(vector.getItem(i)),
              )
            : texts.long(String(vector.getItem(i)))
      }
    },
    finish: () => ({ type: 'string', codes, dictionary: texts.dictionary }),
  }
}

function unexpected(wanted: string, vector: DuckDBVector | undefined): TypeError {
  return new TypeError(`expected a vector of ${wanted}, and got ${String(vector?.type)}`)
}

/** The rows of a small result, by column name. For questions of a few rows, never for data. */
export async function askRows(connection: DuckDBConnection, sql: string): Promise<Record<string, unknown>[]> {
  const result = await connection.runAndReadAll(sql)
  return result.getRowObjectsJS()
}
