import type { Instant } from '../values/index.ts'
import { type FillProgress, foldHistory, type HistoryTable } from './history-bundle.ts'
import type { Writer } from './writer.ts'

/** What is filled, and from where. */
export interface MaterializeOptions {
  readonly writer: Writer
  readonly source: string
  /** Reads the history; null for a source that has none. */
  readonly history: HistoryTable | null
  readonly onProgress?: FillProgress
}

/** What was filled. */
export interface Materialized {
  readonly source: string
  /** The digests of the features that were filled now. */
  readonly features: readonly string[]
  readonly historyRows: number
  readonly logRows: number
  readonly cutoverMs: Instant | null
}

/**
 * Fills the features of a source that are not filled yet: history before the cutover, then the rows of the log so far. A
 * feature becomes ready at the end and not before; what an earlier attempt left behind is cleared first.
 */
export async function materialize({ writer, source, history, onProgress }: MaterializeOptions): Promise<Materialized> {
  const bundle = await foldHistory(await writer.fillStart(source), history, onProgress)
  if (bundle === null) return { source, features: [], historyRows: 0, logRows: 0, cutoverMs: writer.cutover(source) }
  const { features, historyRows, cutoverMs } = bundle.about
  const { logRows } = await writer.fill(bundle, onProgress)
  return { source, features, historyRows, logRows, cutoverMs }
}
