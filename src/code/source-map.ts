/**
 * Source maps, as far as project code needs them: to tell a user the file and line that they wrote. The format is
 * ECMA-426 (source map version 3): https://tc39.es/ecma426/
 */

/** One mapping of a generated line: [generated column, source index, source line, source column], all from 0. */
export type Mapping = readonly [column: number, source: number, sourceLine: number, sourceColumn: number]

/** A decoded source map: its sources, and the mappings of each generated line in order of column. */
export interface SourceMap {
  readonly sources: readonly string[]
  readonly lines: readonly (readonly Mapping[])[]
}

/** A place in a file that a user wrote; line and column count from 1. */
export interface SourcePosition {
  readonly file: string
  readonly line: number
  readonly column: number
}

const mapComment = '//# sourceMappingURL=data:application/json;base64,'
const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Code without the source map at its end. */
export function withoutSourceMap(code: string): string {
  const at = code.lastIndexOf(mapComment)
  return at === -1 ? code : code.slice(0, at)
}

/** The source map at the end of some code, if it has one that can be read. */
export function readSourceMap(code: string): SourceMap | undefined {
  const at = code.lastIndexOf(mapComment)
  if (at === -1) return undefined
  try {
    const map: unknown = JSON.parse(Buffer.from(code.slice(at + mapComment.length).trim(), 'base64').toString('utf8'))
    if (typeof map !== 'object' || map === null || !('sources' in map) || !('mappings' in map)) return undefined
    if (!Array.isArray(map.sources) || typeof map.mappings !== 'string') return undefined
    return { sources: map.sources.map(String), lines: decodeMappings(map.mappings) }
  } catch {
    return undefined // a position is a courtesy: an unreadable map must not hide the error that asked for it
  }
}

/** The comment that carries a source map at the end of some code. */
export function sourceMapComment(map: SourceMap): string {
  const json = JSON.stringify({
    version: 3,
    sources: map.sources,
    names: [],
    mappings: encodeMappings(map.lines),
  })
  return `${mapComment}${Buffer.from(json).toString('base64')}\n`
}

/** Where a generated position (line from 1, column from 1) was written, if the map knows. */
export function originalPosition(map: SourceMap, line: number, column: number): SourcePosition | undefined {
  const mappings = map.lines[line - 1] ?? []
  const found = mappings.findLast((mapping) => mapping[0] <= column - 1) ?? mappings[0]
  const file = found === undefined ? undefined : map.sources[found[1]]
  if (found === undefined || file === undefined) return undefined
  return { file, line: found[2] + 1, column: found[3] + 1 }
}

/** A position as people and editors write it. */
export function formatPosition({ file, line, column }: SourcePosition): string {
  return `${file}:${line}:${column}`
}

function decodeMappings(text: string): Mapping[][] {
  let source = 0
  let sourceLine = 0
  let sourceColumn = 0
  return text.split(';').map((line) => {
    let column = 0
    const mappings: Mapping[] = []
    for (const segment of line === '' ? [] : line.split(',')) {
      const fields = decodeFields(segment)
      column += fields[0] ?? 0
      if (fields.length < 4) continue
      source += fields[1] ?? 0
      sourceLine += fields[2] ?? 0
      sourceColumn += fields[3] ?? 0
      mappings.push([column, source, sourceLine, sourceColumn])
    }
    return mappings
  })
}

function decodeFields(segment: string): number[] {
  const fields: number[] = []
  let value = 0
  let shift = 0
  for (const character of segment) {
    const digit = digits.indexOf(character)
    value |= (digit & 31) << shift
    shift += 5
    if (digit & 32) continue
    fields.push(value & 1 ? -(value >>> 1) : value >>> 1)
    value = 0
    shift = 0
  }
  return fields
}

function encodeMappings(lines: readonly (readonly Mapping[])[]): string {
  const last = [0, 0, 0]
  return lines
    .map((mappings) => {
      let column = 0
      return mappings
        .map(([generatedColumn, ...place]) => {
          const fields = [generatedColumn - column, ...place.map((value, index) => value - (last[index] ?? 0))]
          column = generatedColumn
          for (const [index, value] of place.entries()) last[index] = value
          return fields.map(encodeField).join('')
        })
        .join(',')
    })
    .join(';')
}

function encodeField(value: number): string {
  let rest = value < 0 ? (-value << 1) | 1 : value << 1
  let text = ''
  do {
    const digit = rest & 31
    rest >>>= 5
    text += digits.charAt(rest > 0 ? digit | 32 : digit)
  } while (rest > 0)
  return text
}
