import type { DtypeSpec } from '../../values/index.ts'
import { duckdbDialect, text } from './duckdb-dialect.ts'

/** How a column of a file becomes a column of a type. */
export interface ColumnSql {
  /** The value (see `SqlDialect` for its SQL type), null where it is missing or, with `invalid`, wrong. */
  readonly value: string
  /** True for a value that is refused. Null where none can be. */
  readonly invalid: string | null
  /** True for a time without an offset, where no zone is declared. Null where none can be. */
  readonly naive: string | null
}

/** Why a column cannot be read as a type. */
export type Misfit = { readonly misfit: 'type'; readonly accepts: string } | { readonly misfit: 'naive' }

const smallIntegers = ['TINYINT', 'SMALLINT', 'INTEGER', 'UTINYINT', 'USMALLINT', 'UINTEGER']
const naiveTimes = ['TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS', 'DATE']
const largestSafe = Number.MAX_SAFE_INTEGER

/**
 * SQL for a column of a typed file. Widening is done, narrowing refused; a column of 64-bit integers may be declared `int`
 * or `float` as long as each value is within 2^53.
 * @param name the quoted name of the column
 * @param fileType DuckDB's name of its type
 */
export function typedColumn(
  { type }: DtypeSpec,
  name: string,
  fileType: string,
  timeZone: string | null,
): ColumnSql | Misfit {
  const plain = (value: string): ColumnSql => ({ value, invalid: null, naive: null })
  switch (type) {
    case 'bool':
      return fileType === 'BOOLEAN' ? plain(name) : { misfit: 'type', accepts: 'BOOLEAN' }
    case 'int64':
      if (fileType === 'BIGINT' || smallIntegers.includes(fileType)) return plain(`CAST(${name} AS BIGINT)`)
      return { misfit: 'type', accepts: 'an integer type of up to 64 bits' }
    case 'int':
      if (smallIntegers.includes(fileType)) return plain(`CAST(${name} AS DOUBLE)`)
      if (fileType === 'BIGINT') return safeInteger(name)
      return { misfit: 'type', accepts: 'an integer type of up to 64 bits' }
    case 'float':
      if (fileType === 'DOUBLE' || fileType === 'FLOAT') return finiteFloat(`CAST(${name} AS DOUBLE)`)
      if (fileType === 'BIGINT') return safeInteger(name)
      if (smallIntegers.includes(fileType) || decimalDigits(fileType) <= 15) return plain(`CAST(${name} AS DOUBLE)`)
      return { misfit: 'type', accepts: 'FLOAT, DOUBLE, an integer type or a DECIMAL of up to 15 digits' }
    case 'string':
      if (fileType === 'VARCHAR') return plain(name)
      if (fileType === 'UUID' || fileType.startsWith('ENUM')) return plain(`CAST(${name} AS VARCHAR)`)
      return { misfit: 'type', accepts: 'VARCHAR' }
    case 'timestamp': {
      if (fileType === 'VARCHAR') return textTime(name, timeZone)
      if (fileType === 'TIMESTAMP WITH TIME ZONE') return instantOf(flooredMs(`epoch_us(${name})`, 1000), name)
      if (!naiveTimes.includes(fileType))
        return { misfit: 'type', accepts: 'TIMESTAMP, TIMESTAMP WITH TIME ZONE, DATE, or ISO 8601 text' }
      if (timeZone === null) return { misfit: 'naive' }
      const local =
        fileType === 'TIMESTAMP_NS' ? flooredMs(`epoch_ns(${name})`, 1_000_000) : flooredMs(`epoch_us(${name})`, 1000)
      return instantOf(zoned(local, timeZone), name)
    }
  }
}

/** SQL for a column of text, as CSV has it: typed by the declaration alone. */
export function textColumn({ type }: DtypeSpec, name: string, timeZone: string | null): ColumnSql {
  const trimmed = `trim(${name}, ' \t\r')`
  const checked = (value: string): ColumnSql => ({
    value,
    invalid: `(${name} IS NOT NULL AND ${value} IS NULL)`,
    naive: null,
  })
  switch (type) {
    case 'string':
      return { value: name, invalid: null, naive: null }
    case 'bool':
      return checked(
        `(CASE lower(${trimmed}) WHEN 'true' THEN true WHEN 'false' THEN false WHEN '1' THEN true WHEN '0' THEN false END)`,
      )
    case 'int64':
      return checked(
        `(CASE WHEN regexp_full_match(${trimmed}, '[+-]?[0-9]{1,19}') THEN TRY_CAST(${trimmed} AS BIGINT) END)`,
      )
    case 'int': {
      // A column of integers with gaps is often written as 12.0.
      const number = `TRY_CAST(${trimmed} AS DOUBLE)`
      return checked(
        `(CASE WHEN regexp_full_match(${trimmed}, '[+-]?[0-9]{1,16}(\\.0*)?') AND abs(${number}) <= ${largestSafe} THEN ${number} END)`,
      )
    }
    case 'float': {
      const number = `TRY_CAST(${trimmed} AS DOUBLE)`
      const pattern = '[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?'
      const value = `(CASE WHEN regexp_full_match(${trimmed}, '${pattern}') AND isfinite(${number}) THEN ${number} END)`
      return {
        value,
        invalid: `(${name} IS NOT NULL AND ${value} IS NULL AND lower(${trimmed}) <> 'nan')`,
        naive: null,
      }
    }
    case 'timestamp':
      return textTime(name, timeZone)
  }
}

function safeInteger(name: string): ColumnSql {
  return {
    value: `CAST(${name} AS DOUBLE)`,
    invalid: `(${name} NOT BETWEEN -${largestSafe} AND ${largestSafe})`,
    naive: null,
  }
}

function finiteFloat(double: string): ColumnSql {
  return { value: `(CASE WHEN NOT isnan(${double}) THEN ${double} END)`, invalid: `isinf(${double})`, naive: null }
}

function decimalDigits(fileType: string): number {
  const match = /^DECIMAL\((\d+),\d+\)$/.exec(fileType)
  return match === null ? Number.POSITIVE_INFINITY : Number(match[1])
}

/** Whole milliseconds at or before an instant given in finer units, also before 1970: SQL's `//` cuts towards zero. */
function flooredMs(units: string, unitsPerMs: number): string {
  return `((${units} - ((${units} % ${unitsPerMs}) + ${unitsPerMs}) % ${unitsPerMs}) // ${unitsPerMs})`
}

/** The instant at which a zone's clocks show a local time: the later one where they show it twice. */
function zoned(localMs: string, timeZone: string): string {
  if (timeZone === 'UTC') return localMs
  return `epoch_ms(timezone(${text(timeZone)}, make_timestamp_ms(${localMs})))`
}

/** Infinite times and those beyond what a `Date` holds are refused. */
function instantOf(ms: string, name: string): ColumnSql {
  const limit = 8_640_000_000_000_000
  const fits = `(isfinite(${name}) AND ${ms} BETWEEN -${limit} AND ${limit})`
  return { value: `CAST((CASE WHEN ${fits} THEN ${ms} END) AS DOUBLE)`, invalid: `(NOT ${fits})`, naive: null }
}

const timePattern =
  '^\\s*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?)?\\s*(Z|z|[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2})?\\s*$'

/** ISO 8601 as `parseInstant` reads it; digits beyond milliseconds are dropped. */
function textTime(name: string, timeZone: string | null): ColumnSql {
  const part = (of: string) =>
    `regexp_extract(${name}, '${timePattern}', ['date', 'hour', 'minute', 'second', 'fraction', 'zone'])['${of}']`
  const number = (of: string) => `coalesce(TRY_CAST(${part(of)} AS BIGINT), 0)`
  const date = `TRY_CAST(${part('date')} AS DATE)`
  const local = `(epoch_ms(CAST(${date} AS TIMESTAMP)) + ${number('hour')} * 3600000 + ${number('minute')} * 60000 + ${number('second')} * 1000 + CAST(rpad(left(${part('fraction')}, 3), 3, '0') AS BIGINT))`
  const digits = `rpad(replace(substr(${part('zone')}, 2), ':', ''), 4, '0')`
  const offset = `(CASE WHEN ${part('zone')} IN ('Z', 'z') THEN 0 ELSE (CASE WHEN ${part('zone')}[1] = '-' THEN -1 ELSE 1 END) * (CAST(left(${digits}, 2) AS BIGINT) * 3600000 + CAST(right(${digits}, 2) AS BIGINT) * 60000) END)`
  const exists = `(${date} IS NOT NULL AND ${number('hour')} < 24 AND ${number('minute')} < 60 AND ${number('second')} < 60)`
  const withoutZone = timeZone === null ? 'NULL' : zoned(local, timeZone)
  const value = `CAST((CASE WHEN NOT ${exists} THEN NULL WHEN ${part('zone')} = '' THEN ${withoutZone} ELSE ${local} - ${offset} END) AS DOUBLE)`
  return {
    value,
    invalid: `(${name} IS NOT NULL AND NOT coalesce(${exists}, false))`,
    naive: timeZone === null ? `(${exists} AND ${part('zone')} = '')` : null,
  }
}

/** A quoted name. */
export const quoted = duckdbDialect.identifier
