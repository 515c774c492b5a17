import type { NaiveRow } from '../aggregate/index.ts'
import type { SourceSpec } from '../define/index.ts'
import type { SourceTable } from '../offline/index.ts'
import { columnValue, encodeRow, type Row, type Value } from '../values/index.ts'

/** The rows of one entity, in order of event time. */
export interface EntityRows {
  /** Rows known before `asOf` with an event from `fromMs` on, and the newest one before that; all where `fromMs` is null. */
  visible(asOf: number, fromMs: number | null): NaiveRow[]
  /** The newest rows known before `asOf`: at least `most` of them where there are, no instant cut through. */
  newest(asOf: number, most: number): { readonly rows: NaiveRow[]; readonly all: boolean }
}

/** The rows of a source by entity. */
export interface IndexedSource {
  /** The rows whose key columns hold a key. Only keys that were asked for when indexing are found. */
  entity(columns: readonly string[], key: readonly (Value | null)[]): EntityRows
}

/** Keys to be looked up by some columns of a source. */
export interface WantedKeys {
  readonly columns: readonly string[]
  readonly keys: readonly (readonly (Value | null)[])[]
}

/** A tree by the values of the key columns, one level a column, with rows at its leaves. */
type Branch = Map<Value, Branch | Leaf>
interface Leaf {
  rows: number[] | Uint32Array
}

/** Indexes the rows of a source by the wanted keys: one pass over the rows for each distinct list of key columns. */
export function indexSource(source: SourceSpec, table: SourceTable, wanted: readonly WantedKeys[]): IndexedSource {
  const trees = new Map<string, Branch>()
  for (const [name, group] of Map.groupBy(wanted, ({ columns }) => JSON.stringify(columns))) {
    const tree: Branch = new Map()
    for (const { keys } of group) for (const key of keys) if (!key.includes(null)) grow(tree, key as readonly Value[]) // no null
    file(tree, group[0]!.columns, table)
    trees.set(name, tree)
  }
  const naiveRow = naiveRows(source, table)
  return {
    entity(columns, key) {
      let node: Branch | Leaf | undefined = trees.get(JSON.stringify(columns))
      for (const value of key) node = node instanceof Map && value !== null ? node.get(value) : undefined
      return entityRows(
        table,
        node === undefined || node instanceof Map ? new Uint32Array() : sorted(node, table),
        naiveRow,
      )
    },
  }
}

function grow(tree: Branch, key: readonly Value[]): void {
  let branch = tree
  for (const value of key.slice(0, -1)) {
    const next = branch.get(value) ?? new Map()
    branch.set(value, next)
    branch = next as Branch // leaves stand at the last level only
  }
  const last = key.at(-1)!
  if (!branch.has(last)) branch.set(last, { rows: [] })
}

/** Files every row that is ever known under its key, where that key is wanted. */
function file(tree: Branch, names: readonly string[], table: SourceTable): void {
  const columns = names.map((name) => table.columns[name]!)
  for (let row = 0; row < table.rows; row++) {
    if (Number.isNaN(table.known[row]!)) continue
    let node: Branch | Leaf | undefined = tree
    for (const column of columns) {
      const value = columnValue(column, row)
      node = node instanceof Map && value !== null ? node.get(value) : undefined
    }
    if (node !== undefined && !(node instanceof Map)) (node.rows as number[]).push(row) // not sorted yet
  }
}

/** The rows of a leaf in order of event time; sorted when first asked for. */
function sorted(leaf: Leaf, { event }: SourceTable): Uint32Array {
  if (Array.isArray(leaf.rows)) leaf.rows = Uint32Array.from(leaf.rows).sort((a, b) => event[a]! - event[b]!)
  return leaf.rows
}

function entityRows(table: SourceTable, rows: Uint32Array, naiveRow: (row: number) => NaiveRow): EntityRows {
  const { event, known } = table
  /** The first place whose event is at or after an instant. */
  const firstSince = (instant: number): number => {
    let [low, high] = [0, rows.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (event[rows[middle]!]! < instant) low = middle + 1
      else high = middle
    }
    return low
  }
  return {
    visible(asOf, fromMs) {
      const found: NaiveRow[] = []
      // What happened at `asOf` or later cannot have been known before it.
      let place = firstSince(asOf) - 1
      for (; place >= 0 && (fromMs === null || event[rows[place]!]! >= fromMs); place--)
        if (known[rows[place]!]! < asOf) found.push(naiveRow(rows[place]!))
      while (place >= 0 && !(known[rows[place]!]! < asOf)) place--
      if (place >= 0) found.push(naiveRow(rows[place]!))
      return found
    },

    newest(asOf, most) {
      const found: NaiveRow[] = []
      let place = firstSince(asOf) - 1
      for (; place >= 0; place--) {
        const row = rows[place]!
        if (!(known[row]! < asOf)) continue
        if (found.length >= most && event[row]! !== found.at(-1)!.eventMs) break
        found.push(naiveRow(row))
      }
      return { rows: found, all: place < 0 }
    },
  }
}

/** Rows as the naive computation takes them. Each is made once. */
function naiveRows(source: SourceSpec, table: SourceTable): (row: number) => NaiveRow {
  const columns = Object.entries(table.columns)
  const made = new Array<NaiveRow | undefined>(table.rows)
  return (index) => {
    const known = made[index]
    if (known !== undefined) return known
    const row: Record<string, Value | null> = {}
    for (const [name, column] of columns) row[name] = columnValue(column, index)
    const naive = new LazyRow(source, row, table.event[index]!, table.available[index]!)
    made[index] = naive
    return naive
  }
}

/** A row whose canonical bytes are made when Order asks for them. */
class LazyRow implements NaiveRow {
  readonly row: Row
  readonly eventMs: number
  readonly availableMs: number
  private readonly source: SourceSpec

  constructor(source: SourceSpec, row: Row, eventMs: number, availableMs: number) {
    this.source = source
    this.row = row
    this.eventMs = eventMs
    this.availableMs = availableMs
  }

  /** Null also where the id was not read, because no feature asks for Order. */
  get id(): string | null {
    const id = this.source.id === null ? null : this.row[this.source.id]
    return id === null || id === undefined ? null : String(id)
  }

  get body(): Uint8Array {
    return encodeRow(this.source.columns, this.row)
  }
}
