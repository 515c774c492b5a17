import type { Column, DtypeName, Value } from '../values/index.ts'

/** A column that grows row by row; rows that nothing was set for are null. */
export interface ColumnBuilder {
  readonly type: DtypeName
  set(row: number, value: Value | null): void
  /** The column of the first `rows` rows. */
  build(rows: number): Column
}

/** Begins a column of a type. Typed arrays double as rows come, so that a log of any length is read once. */
export function columnBuilder(type: DtypeName): ColumnBuilder {
  if (type === 'string') return stringBuilder()
  if (type === 'int64') return int64Builder()
  let values = new Float64Array(capacity).fill(Number.NaN)
  const reserve = (rows: number) => {
    if (rows <= values.length) return
    const more = new Float64Array(grown(values.length, rows)).fill(Number.NaN)
    more.set(values)
    values = more
  }
  return {
    type,
    set(row, value) {
      reserve(row + 1)
      values[row] = value === null ? Number.NaN : Number(value)
    },
    build(rows) {
      reserve(rows)
      return { type, values: values.slice(0, rows) }
    },
  }
}

const capacity = 1024
const grown = (length: number, rows: number): number => Math.max(length * 2, rows)

function stringBuilder(): ColumnBuilder {
  const index = new Map<string, number>()
  let codes = new Int32Array(capacity).fill(-1)
  const reserve = (rows: number) => {
    if (rows <= codes.length) return
    const more = new Int32Array(grown(codes.length, rows)).fill(-1)
    more.set(codes)
    codes = more
  }
  return {
    type: 'string',
    set(row, value) {
      reserve(row + 1)
      if (value === null) {
        codes[row] = -1
        return
      }
      const text = String(value)
      let code = index.get(text)
      if (code === undefined) {
        code = index.size
        index.set(text, code)
      }
      codes[row] = code
    },
    build(rows) {
      reserve(rows)
      return { type: 'string', codes: codes.slice(0, rows), dictionary: [...index.keys()] }
    },
  }
}

function int64Builder(): ColumnBuilder {
  let values = new BigInt64Array(capacity)
  let nulls = new Uint8Array(capacity).fill(1)
  const reserve = (rows: number) => {
    if (rows <= values.length) return
    const length = grown(values.length, rows)
    const more = new BigInt64Array(length)
    more.set(values)
    const moreNulls = new Uint8Array(length).fill(1)
    moreNulls.set(nulls)
    values = more
    nulls = moreNulls
  }
  return {
    type: 'int64',
    set(row, value) {
      reserve(row + 1)
      values[row] = value === null ? 0n : BigInt(value)
      nulls[row] = value === null ? 1 : 0
    },
    build(rows) {
      reserve(rows)
      return { type: 'int64', values: values.slice(0, rows), nulls: nulls.slice(0, rows) }
    },
  }
}
