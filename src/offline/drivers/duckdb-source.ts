import { isAbsolute, join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { SourceSpec } from '../../define/index.ts'
import { noonmarkError } from '../../errors.ts'
import { type Column, type ExpressionNode, encodeRow, expressionType, tableRow } from '../../values/index.ts'
import type { TableFile, TableVersion } from '../offline-engine.ts'
import type { TieRanks } from '../source-rows.ts'
import { renderExpressions } from '../sql/dialect.ts'
import type { RawRows } from '../standing-rows.ts'
import { rankTies } from '../tie-ranks.ts'
import { quoted } from './duckdb-columns.ts'
import { duckdbDialect } from './duckdb-dialect.ts'
import { type FileGroup, type FileKnowledge, groupFiles, matchColumns, readFiles, unreadable } from './duckdb-files.ts'
import { columnReader, type ReadColumn } from './duckdb-read.ts'

/** Files of one shape and origin, as a relation whose columns are `c0`, `c1`, ... in the order of the declaration. */
interface Relation {
  readonly group: FileGroup
  readonly origin: TableFile['origin']
  readonly rows: number
  readonly from: string
}

/**
 * Reads the rows of a pinned version in one fixed order: history first, then received rows, by file. Every read gives the
 * same rows in the same order, so that columns read at different times belong together.
 */
export class DuckdbSource {
  readonly rows: number
  readonly historyRows: number
  private readonly connection: DuckDBConnection
  private readonly source: SourceSpec
  private readonly relations: readonly Relation[]
  private readonly names: readonly string[]

  private constructor(
    connection: DuckDBConnection,
    source: SourceSpec,
    version: TableVersion,
    relations: readonly Relation[],
  ) {
    this.connection = connection
    this.source = source
    this.relations = relations
    this.names = Object.keys(source.columns)
    const total = (files: readonly TableFile[]) => files.reduce((sum, { rows }) => sum + rows, 0)
    this.rows = total(version.files)
    this.historyRows = total(version.files.filter(({ origin }) => origin === 'history'))
  }

  /** @throws source_file_missing, source_file_changed when a pinned file is no longer what it was */
  static async open(
    connection: DuckDBConnection,
    knowledge: FileKnowledge,
    source: SourceSpec,
    version: TableVersion,
    rootDir: string,
  ): Promise<DuckdbSource> {
    const owner = `source ${source.name}`
    const relations: Relation[] = []
    for (const origin of ['history', 'log'] as const) {
      const shaped = []
      const rowsOf = new Map<string, number>()
      for (const file of byContent(version.files.filter((each) => each.origin === origin))) {
        const path = isAbsolute(file.path) ? file.path : join(rootDir, file.path)
        await checkPinned(knowledge, owner, path, file)
        rowsOf.set(path, file.rows)
        shaped.push({ path, shape: await knowledge.shape(connection, path, owner) })
      }
      for (const group of groupFiles(shaped, source)) {
        const columns = matchColumns(source, group.shape, group.paths[0]!, origin === 'log')
        const selected = [...columns.values()].map(({ value }, i) => `${value} AS c${i}`)
        // Log files are ours: `received` and `available` are instants whatever the source declares.
        if (origin === 'log')
          for (const name of ['received', 'available'])
            selected.push(`CAST(epoch_ms(${quoted(name)}) AS DOUBLE) AS log_${name}`)
        const rows = group.paths.reduce((sum, path) => sum + rowsOf.get(path)!, 0)
        relations.push({
          group,
          origin,
          rows,
          from: `(SELECT ${selected.join(', ')} FROM ${readFiles(group)}) AS source`,
        })
      }
    }
    return new DuckdbSource(connection, source, version, relations)
  }

  /**
   * The values of expressions over the source's columns, one a row.
   * @param mask only values where this is 1 have a meaning: texts elsewhere, and files without any, are not read
   */
  expressions(nodes: readonly ExpressionNode[], mask: Uint8Array | null = null): Promise<Column[]> {
    return this.read(
      nodes.map((node) => expressionType(node)),
      ({ from }) => {
        const rendered = renderExpressions(duckdbDialect, from, nodes, (name) => `c${this.place(name)}`)
        return {
          from: rendered.from,
          columns: nodes.map((node, i) => ({ sql: rendered.values[i]!, type: expressionType(node) })),
        }
      },
      mask,
    )
  }

  /** Columns of the source by name. */
  columns(names: readonly string[], mask: Uint8Array | null = null): Promise<Column[]> {
    return this.expressions(
      names.map((name) => ({ op: 'column', name, type: this.source.columns[name]!.type })),
      mask,
    )
  }

  /** The times of every row, and what tells rows with one id apart. */
  async rawRows(): Promise<RawRows> {
    const { source } = this
    const availableName = source.available.from === 'column' ? source.available.column : source.eventTime
    const idHash = source.id === null ? 'NULL' : `CAST(hash(c${this.place(source.id)}) & 4503599627370495 AS DOUBLE)`
    const columns = await this.read(
      ['float', 'float', 'float', 'float', 'float'],
      ({ from, origin }) => ({
        from,
        columns: [
          `c${this.place(source.eventTime)}`,
          `c${this.place(availableName)}`,
          origin === 'log' ? 'log_received' : 'NULL',
          origin === 'log' ? 'log_available' : 'NULL',
          idHash,
        ].map((sql): ReadColumn => ({ sql, type: 'float' })),
      }),
      null,
    )
    const [event, declared, received, stamped, idHashes] = columns.map((column) => {
      if (column.type !== 'float') throw new TypeError('times are read as doubles')
      return column.values
    }) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array] // five were asked for
    const { available } = source
    if (available.from === 'lag') for (let row = 0; row < declared.length; row++) declared[row]! += available.lagMs
    return {
      rows: this.rows,
      historyRows: this.historyRows,
      event,
      declared,
      received,
      stamped,
      idHashes: source.id === null ? null : idHashes,
      tieRanks: this.rowRanks,
      ids: (mask) => this.ids(mask),
    }
  }

  /** Ranks of rows that count, whose ids differ: by id, or by canonical bytes where the source has none. */
  readonly tieRanks: TieRanks = async (tied) => {
    const rows = markedRows(tied)
    // Many ids are sorted where they are: DuckDB orders text by its UTF-8 bytes, as Order does.
    return this.source.id !== null && rows.length > 10_000 ? this.idRanks(this.source.id) : this.rowRanks(tied)
  }

  /** Ranks of any rows by id, then by canonical bytes. */
  private readonly rowRanks: TieRanks = async (tied) => {
    const { source } = this
    const rows = markedRows(tied)
    const ids = source.id === null ? null : await this.ids(tied)
    if (ids !== null && ids.dictionary.length === rows.length) {
      // Every id is another one, so rows need not be read whole.
      return rankTies(this.rows, rows, utf8Ids(ids), () => new Uint8Array(0))
    }
    const columns = await this.columns(this.names, tied)
    const table = { rows: this.rows, columns: Object.fromEntries(this.names.map((name, i) => [name, columns[i]!])) }
    const bodies = new Map<number, Uint8Array>()
    const bodyOf = (row: number) => {
      const body = bodies.get(row) ?? encodeRow(source.columns, tableRow(table, row))
      bodies.set(row, body)
      return body
    }
    return rankTies(this.rows, rows, ids === null ? null : utf8Ids(ids), bodyOf)
  }

  private async idRanks(id: string): Promise<Float64Array> {
    const place = `c${this.place(id)}`
    let offset = 0
    const parts = this.relations.map(({ from, rows }) => {
      const part = `SELECT ${place} AS id, row_number() OVER () + ${offset - 1} AS place FROM ${from}`
      offset += rows
      return part
    })
    const reader = columnReader(['int'], this.rows)
    await reader.read(
      this.connection,
      `(SELECT place FROM (${parts.join(' UNION ALL ')}) ORDER BY id) AS ranked`,
      [{ sql: 'place', type: 'int' }],
      0,
    )
    const [places] = reader.finish()
    if (places?.type !== 'int') throw new TypeError('places are whole numbers')
    const ranks = new Float64Array(this.rows)
    for (let rank = 0; rank < this.rows; rank++) ranks[places.values[rank]!] = rank
    return ranks
  }

  private async ids(mask: Uint8Array): Promise<Extract<Column, { type: 'string' }>> {
    const [ids] = await this.columns([this.source.id!], mask) // asked for only where the source has an id
    if (ids?.type !== 'string') throw new TypeError('an id is text')
    return ids
  }

  private place(name: string): number {
    const place = this.names.indexOf(name)
    if (place < 0) throw new TypeError(`source ${this.source.name} declares no column '${name}'`)
    return place
  }

  private async read(
    types: readonly Column['type'][],
    select: (relation: Relation) => { readonly from: string; readonly columns: readonly ReadColumn[] },
    mask: Uint8Array | null,
  ): Promise<Column[]> {
    const reader = columnReader(types, this.rows, mask)
    let offset = 0
    for (const relation of types.length === 0 ? [] : this.relations) {
      if (mask !== null && !mask.subarray(offset, offset + relation.rows).includes(1)) {
        offset += relation.rows
        continue
      }
      const { from, columns } = select(relation)
      try {
        offset += await reader.read(this.connection, from, columns, offset)
      } catch (cause) {
        throw unreadable(relation.group.paths.join(', '), `source ${this.source.name}`, cause)
      }
    }
    if (types.length > 0 && offset !== this.rows)
      throw noonmarkError('source_file_changed', {
        message: `source ${this.source.name}: its files have ${offset} rows, and ${this.rows} were pinned.`,
      })
    return reader.finish()
  }
}

function markedRows(marks: Uint8Array): Uint32Array {
  const rows = new Uint32Array(marks.reduce((count, mark) => count + mark, 0))
  let count = 0
  for (let row = 0; row < marks.length; row++) if (marks[row] === 1) rows[count++] = row
  return rows
}

function utf8Ids({ codes, dictionary }: Extract<Column, { type: 'string' }>): (row: number) => Uint8Array {
  const encoder = new TextEncoder()
  const bytes = dictionary.map((id) => encoder.encode(id))
  return (row) => bytes[codes[row]!]!
}

/** Files in an order that does not depend on their names, so that one version gives one result to the last digit. */
function byContent(files: readonly TableFile[]): TableFile[] {
  return [...files].sort((a, b) => (a.sha256 < b.sha256 ? -1 : a.sha256 > b.sha256 ? 1 : 0))
}

async function checkPinned(knowledge: FileKnowledge, owner: string, path: string, file: TableFile): Promise<void> {
  const hint =
    file.origin === 'log'
      ? 'Restore the file from a backup: it holds received rows that were written out for tables.'
      : 'Put the file back as it was: its rows are part of what was filled and trained on.'
  const facts = await knowledge.facts(path, owner, hint)
  if (facts.sizeBytes === file.sizeBytes && facts.modifiedMs === file.modifiedMs) return
  if (facts.sizeBytes === file.sizeBytes && (await knowledge.sha256(path, owner)) === file.sha256) return
  throw noonmarkError('source_file_changed', {
    message: `${owner}: ${path} was changed after it was pinned (${
      facts.sizeBytes === file.sizeBytes
        ? 'the same size, other bytes'
        : `${file.sizeBytes} bytes then, ${facts.sizeBytes} now`
    }).`,
    hint,
    path: owner,
  })
}
