import { useEffect, useRef, useState } from 'react'
import { plural } from '../../format/number.ts'
import { Card, classes, Skeleton } from '../../ui/index.ts'
import { type LogLine, type RunLog, useRunLog } from './run-log.ts'

const colors: Readonly<Record<LogLine['kind'], string>> = {
  plain: 'text-ink',
  iteration: 'text-muted',
  progress: 'text-muted',
  passed: 'text-good',
  failed: 'text-bad',
}

const states: Readonly<Record<RunLog['state'], string>> = {
  following: 'lines come as the run writes them',
  ended: 'complete',
  lost: 'the server does not answer; it is asked again',
}

/** The log of a run, followed while it goes on. Iterations are left out until asked for: the loss curve shows them. */
export function LogCard({ id }: { readonly id: string }) {
  const log = useRunLog(id)
  const [iterations, setIterations] = useState(false)
  const hidden = log.lines.filter(({ kind }) => kind === 'iteration').length
  const shown = iterations ? log.lines : log.lines.filter(({ kind }) => kind !== 'iteration')
  return (
    <Card
      title="Log"
      over={`${plural(log.lines.length, 'line')}, ${states[log.state]}`}
      actions={
        hidden === 0 ? undefined : (
          <label className="flex items-center gap-2 text-xs text-muted">
            <input type="checkbox" checked={iterations} onChange={(event) => setIterations(event.target.checked)} />
            Show {plural(hidden, 'iteration')}
          </label>
        )
      }
    >
      {log.lines.length === 0 && log.state === 'following' ? <Skeleton className="h-40" /> : <Lines lines={shown} />}
    </Card>
  )
}

function Lines({ lines }: { readonly lines: readonly LogLine[] }) {
  const holder = useRef<HTMLElement>(null)
  const follows = useRef(true)
  const count = lines.length
  useEffect(() => {
    const element = holder.current
    // New lines are followed, unless someone has scrolled away from the end.
    if (element !== null && follows.current && count > 0) element.scrollTop = element.scrollHeight
  }, [count])
  return (
    <section
      ref={holder}
      aria-label="Lines of the log"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        follows.current = scrollHeight - scrollTop - clientHeight < 24
      }}
      className="max-h-96 overflow-auto rounded-lg bg-sunken px-3 py-2.5 font-mono text-xs leading-5"
    >
      <ol>
        {lines.map(({ at, text, kind }, index) => (
          <li key={index} className="flex gap-3">
            {at === null ? null : (
              <time dateTime={at} className="shrink-0 text-faint select-none" title={at}>
                {at.slice(11, 19)}
              </time>
            )}
            <span className={classes('min-w-0 break-words whitespace-pre-wrap', colors[kind])}>{text}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}
