import { type FunctionRows, functionUrl, type WireError, type WireOutcome } from './function-message.ts'
import { formatPosition, originalPosition, type SourceMap } from './source-map.ts'

/** Why a call of project code has no value. The codes stand in the table of errors. */
export interface CodeError {
  readonly code: 'code_failed' | 'code_deadline' | 'code_crashed' | 'code_held'
  readonly message: string
  /** Message and frames with the files and lines of the project; given with the first few errors of a call. */
  readonly stack?: string
}

/** What one row gave. */
export type RowResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: CodeError }

/** How many rows a call has. */
export function rowCountOf(input: FunctionRows): number {
  return 'rows' in input ? input.rows.length : input.rowCount
}

/** The same error for every row. */
export function failedRows(count: number, error: CodeError): RowResult[] {
  return new Array<RowResult>(count).fill({ ok: false, error })
}

/** The results of a call, in the order of its rows. */
export function rowResults({ values, errors }: WireOutcome, sourceMap: () => SourceMap | undefined): RowResult[] {
  const results = Array.from(values, (value): RowResult => ({ ok: true, value }))
  for (const error of errors) results[error.row] = { ok: false, error: thrownError(error, sourceMap) }
  return results
}

/** An error that project code threw, with the lines that its author knows. */
export function thrownError({ message, stack }: WireError, sourceMap: () => SourceMap | undefined): CodeError {
  if (stack === '') return { code: 'code_failed', message }
  const map = sourceMap()
  const frames = stack.split('\n').flatMap((frame) => {
    const [place, line, column] = framePattern.exec(frame) ?? []
    if (place === undefined) return [] // ours, or Node's
    const position = map && originalPosition(map, Number(line), Number(column))
    return [position ? frame.replace(place, formatPosition(position)) : frame]
  })
  return { code: 'code_failed', message, stack: [message, ...frames].join('\n') }
}

const framePattern = new RegExp(`${functionUrl}\\d+:(\\d+):(\\d+)`)
