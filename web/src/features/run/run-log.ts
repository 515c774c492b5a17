import { useEffect, useState } from 'react'
import { lines } from '../../api/client.ts'

/** A run's log as far as it was read. */
export interface RunLog {
  readonly lines: readonly LogLine[]
  /** `ended`: the last line is there. `lost`: the server went away; it is asked again. */
  readonly state: 'following' | 'ended' | 'lost'
}

/** A line of a log taken apart. */
export interface LogLine {
  /** The machine's time as ISO 8601; null for a line that has none. */
  readonly at: string | null
  readonly text: string
  /** What the line says, for its color, and for leaving lines out. */
  readonly kind: 'plain' | 'iteration' | 'progress' | 'passed' | 'failed'
}

/** Lines come in flocks; the page is drawn at most so often. */
const drawMs = 120
const againMs = 2_000

/** Follows the log of a run from its first line until the run has ended. */
export function useRunLog(id: string): RunLog {
  const [log, setLog] = useState<RunLog>({ lines: [], state: 'following' })
  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    void follow(id, signal, setLog)
    return () => controller.abort()
  }, [id])
  return log
}

async function follow(id: string, signal: AbortSignal, show: (log: RunLog) => void): Promise<void> {
  while (!signal.aborted) {
    const read: LogLine[] = []
    let drawn: ReturnType<typeof setTimeout> | undefined
    const draw = (state: RunLog['state']): void => {
      clearTimeout(drawn)
      drawn = undefined
      if (!signal.aborted) show({ lines: [...read], state })
    }
    try {
      for await (const line of lines(`/v1/runs/${encodeURIComponent(id)}/logs`, signal)) {
        read.push(logLine(line))
        drawn ??= setTimeout(() => draw('following'), drawMs)
      }
      return draw('ended')
    } catch {
      // The whole log is read again: what was shown stays until then.
      draw('lost')
      await new Promise((resolve) => setTimeout(resolve, againMs))
    }
  }
}

/** A line of a log taken apart: `2026-11-21T11:34:44.736Z fit gradient-boosting 1/120` */
export function logLine(line: string): LogLine {
  const [, at = null, text = line] = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (.*)$/s.exec(line) ?? []
  return { at, text, kind: kindOf(text) }
}

function kindOf(text: string): LogLine['kind'] {
  if (/^iteration \d+: /.test(text)) return 'iteration'
  if (/^(?:error: |failed|check .+ FAILED: )/.test(text)) return 'failed'
  if (/^(?:succeeded|check .+ passed: )/.test(text)) return 'passed'
  return /^[^:]+ \d+\/\d+$/.test(text) ? 'progress' : 'plain'
}
