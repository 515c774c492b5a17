import { CircleAlert, CircleDashed } from 'lucide-react'
import type { ReactNode } from 'react'
import { isApiError } from '../api/client.ts'
import { Button } from './button.tsx'
import { classes } from './classes.ts'
import { Prose } from './prose.tsx'

/** The ground of something that is on its way. */
export function Skeleton(props: { readonly className?: string }) {
  return <div aria-hidden className={classes('animate-pulse rounded-md bg-sunken', props.className)} />
}

/** A page that is on its way: a title and some parts, in about the places where they will be. */
export function PageSkeleton() {
  return (
    <div role="status" aria-label="Loading" className="space-y-4">
      <Skeleton className="h-8 w-64" />
      <div className="grid gap-4 sm:grid-cols-2 xl:grid-cols-4">
        {['a', 'b', 'c', 'd'].map((key) => (
          <Skeleton key={key} className="h-28" />
        ))}
      </div>
      <Skeleton className="h-72" />
    </div>
  )
}

/** Nothing is here yet, why, and what would change that. */
export function EmptyState(props: {
  readonly title: ReactNode
  readonly children?: ReactNode
  readonly compact?: boolean
}) {
  return (
    <div
      className={classes('flex flex-col items-center text-center text-sm text-muted', props.compact ? 'py-5' : 'py-10')}
    >
      <CircleDashed size={22} className="mb-2 text-faint" aria-hidden />
      <p className="font-medium text-ink">{props.title}</p>
      {props.children === undefined ? null : (
        <div className="mt-1 max-w-prose [&_code]:font-mono [&_code]:text-ink">{props.children}</div>
      )}
    </div>
  )
}

/** An error with all that it says: what happened, where, how to mend it. */
export function ErrorState(props: {
  readonly error: unknown
  readonly onRetry?: () => void
  readonly className?: string
}) {
  const { error, onRetry } = props
  const api = isApiError(error) ? error : null
  const message = error instanceof Error ? error.message : String(error)
  return (
    <div role="alert" className={classes('rounded-xl border border-line bg-surface p-5', props.className)}>
      <div className="flex gap-3">
        <CircleAlert size={20} className="mt-0.5 shrink-0 text-bad" aria-hidden />
        <div className="min-w-0 space-y-1.5">
          <p className="font-semibold break-words">
            <Prose text={message} />
          </p>
          {api?.hint == null ? null : (
            <p className="text-sm text-muted">
              <Prose text={api.hint} />
            </p>
          )}
          <p className="flex flex-wrap gap-x-4 text-xs text-faint">
            <span>
              Code <code className="font-mono text-muted">{api?.code ?? 'page_failed'}</code>
            </span>
            {api?.path == null ? null : (
              <span>
                At <code className="font-mono text-muted">{api.path}</code>
              </span>
            )}
          </p>
          {onRetry === undefined ? null : (
            <div className="pt-1.5">
              <Button onClick={onRetry}>Try again</Button>
            </div>
          )}
        </div>
      </div>
    </div>
  )
}
