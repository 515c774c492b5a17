import type { RunReport } from '../../../../src/http/reports.ts'
import { formatCount } from '../../format/number.ts'
import { Badge, classes, toneOf } from '../../ui/index.ts'

/** The word for how a run stands. */
export function RunStatusBadge({ status }: { readonly status: string }) {
  return <Badge tone={toneOf(status)}>{status}</Badge>
}

const phases: readonly RunReport['status'][] = ['preparing', 'training', 'evaluating']

/** Where a run is: its phases, the step that it does now, and how much of it is done. */
export function RunProgress({ run }: { readonly run: Pick<RunReport, 'status' | 'progress'> }) {
  const { status, progress } = run
  const now = phases.indexOf(status)
  const known = progress !== null && progress.total > 0
  const share = known ? Math.min(1, progress.done / progress.total) : null
  const step = progress?.step ?? 'waits for its turn'
  return (
    <div className="space-y-3">
      <ol className="flex flex-wrap gap-x-5 gap-y-1 text-sm">
        {phases.map((phase, place) => (
          <li
            key={phase}
            aria-current={place === now ? 'step' : undefined}
            className={classes(
              'flex items-center gap-2',
              place === now ? 'font-medium text-ink' : place < now ? 'text-muted' : 'text-faint',
            )}
          >
            <span
              aria-hidden
              className={classes(
                'size-2 rounded-full',
                place === now ? 'animate-pulse bg-accent' : place < now ? 'bg-good' : 'bg-line-strong',
              )}
            />
            {phase}
          </li>
        ))}
      </ol>
      <div>
        <div className="mb-1 flex justify-between gap-4 text-sm text-muted">
          <span className="min-w-0 truncate">{step}</span>
          {known ? (
            <span className="figure whitespace-nowrap">
              {formatCount(progress.done)} of {formatCount(progress.total)}
            </span>
          ) : null}
        </div>
        <div
          role="progressbar"
          aria-label={step}
          aria-valuemin={0}
          aria-valuemax={1}
          {...(share === null ? {} : { 'aria-valuenow': share })}
          className="h-2 overflow-hidden rounded-full bg-sunken"
        >
          <div
            className={classes(
              'h-full rounded-full bg-accent transition-[width] duration-700',
              share === null && 'animate-pulse',
            )}
            style={{ width: `${100 * (share ?? 1)}%`, opacity: share === null ? 0.4 : 1 }}
          />
        </div>
      </div>
    </div>
  )
}
