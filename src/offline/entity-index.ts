import type { Column } from '../values/index.ts'

/** The code of a key in which a column is null: such a key names no entity. */
export const nullKey = -1
/** The code of a key that no row has. */
export const absentKey = -2

/** Entities by small numbers: equal keys of rows and spines have equal codes. */
export interface EntityIndex {
  readonly entities: number
  /** The code of each row; `nullKey` where a key column is null. Rows that do not count have no meaning here. */
  readonly rows: Int32Array
  /** For each spine the code of each of its rows, `nullKey` or `absentKey`. */
  readonly spines: readonly Int32Array[]
}

/**
 * Numbers the entities of rows and finds those of spines. Keys are tuples compared column by column, so that ('1', '12')
 * is never ('11', '2').
 * @param rowKey one column for each key column
 * @param counted which rows count; all where null
 * @param spineKeys for each spine one column for each key column
 */
export function entityIndex(
  rowKey: readonly Column[],
  rows: number,
  counted: Uint32Array | null,
  spineKeys: readonly (readonly Column[])[],
): EntityIndex {
  const spineRows = spineKeys.map((key) => columnLength(key[0]!))
  let rowCodes = new Int32Array(rows)
  let spineCodes = spineRows.map((length) => new Int32Array(length))
  let entities = 1
  rowKey.forEach((column, part) => {
    const coded = codeColumn(
      column,
      counted,
      spineKeys.map((key) => key[part]!),
    )
    if (part === 0) {
      rowCodes = coded.rows
      spineCodes = coded.spines
      entities = coded.codes
      return
    }
    entities = combine(rowCodes, spineCodes, coded, counted)
  })
  return { entities, rows: rowCodes, spines: spineCodes }
}

function columnLength(column: Column): number {
  return column.type === 'string' ? column.codes.length : column.values.length
}

interface Coded {
  readonly rows: Int32Array<ArrayBuffer>
  readonly spines: Int32Array<ArrayBuffer>[]
  readonly codes: number
}

function codeColumn(column: Column, counted: Uint32Array | null, spines: readonly Column[]): Coded {
  if (column.type === 'string') {
    // The dictionary of the rows gives the codes, each text once.
    const index = new Map<string, number>()
    const own = Int32Array.from(column.dictionary, (text) => codeOf(index, text))
    return {
      rows: recode(column.codes, own),
      spines: spines.map((spine) => {
        if (spine.type !== 'string') throw new TypeError(`a key column of strings meets one of ${spine.type}`)
        const theirs = Int32Array.from(spine.dictionary, (text) => index.get(text) ?? absentKey)
        return recode(spine.codes, theirs)
      }),
      codes: index.size,
    }
  }
  const index = new Map<number | bigint, number>()
  const rows = new Int32Array(columnLength(column))
  const read = reader(column)
  if (counted === null) for (let row = 0; row < rows.length; row++) rows[row] = codeOrNull(index, read(row))
  else for (const row of counted) rows[row] = codeOrNull(index, read(row))
  const found = spines.map((spine) => {
    if (spine.type === 'string' || (spine.type === 'int64') !== (column.type === 'int64'))
      throw new TypeError(`a key column of ${column.type} meets one of ${spine.type}`)
    const readSpine = reader(spine)
    const codes = new Int32Array(columnLength(spine))
    for (let row = 0; row < codes.length; row++) {
      const value = readSpine(row)
      codes[row] = value === null ? nullKey : (index.get(value) ?? absentKey)
    }
    return codes
  })
  return { rows, spines: found, codes: index.size }
}

function recode(codes: Int32Array, to: Int32Array): Int32Array<ArrayBuffer> {
  const recoded = new Int32Array(codes.length)
  for (let row = 0; row < codes.length; row++) recoded[row] = codes[row]! < 0 ? nullKey : to[codes[row]!]!
  return recoded
}

function reader(column: Exclude<Column, { type: 'string' }>): (row: number) => number | bigint | null {
  if (column.type === 'int64') return (row) => (column.nulls[row] === 1 ? null : column.values[row]!)
  return (row) => {
    const value = column.values[row]!
    return Number.isNaN(value) ? null : value
  }
}

function codeOf<K>(index: Map<K, number>, value: K): number {
  let code = index.get(value)
  if (code === undefined) {
    code = index.size
    index.set(value, code)
  }
  return code
}

function codeOrNull(index: Map<number | bigint, number>, value: number | bigint | null): number {
  return value === null ? nullKey : codeOf(index, value)
}

/** Joins the codes so far with those of one more column, in place, and says how many there are. */
function combine(
  rowCodes: Int32Array,
  spineCodes: readonly Int32Array[],
  next: Coded,
  counted: Uint32Array | null,
): number {
  const index = new Map<number, number>()
  // Both codes are below 2^31 and the product of two counts below 2^53 for every table that fits into memory.
  const pair = (a: number, b: number) => a * next.codes + b
  const join = (row: number) => {
    const [a, b] = [rowCodes[row]!, next.rows[row]!]
    rowCodes[row] = a === nullKey || b === nullKey ? nullKey : codeOf(index, pair(a, b))
  }
  if (counted === null) for (let row = 0; row < rowCodes.length; row++) join(row)
  else for (const row of counted) join(row)
  spineCodes.forEach((codes, spine) => {
    const others = next.spines[spine]!
    for (let row = 0; row < codes.length; row++) {
      const [a, b] = [codes[row]!, others[row]!]
      if (a === nullKey || b === nullKey) codes[row] = nullKey
      else codes[row] = a === absentKey || b === absentKey ? absentKey : (index.get(pair(a, b)) ?? absentKey)
    }
  })
  return index.size
}
