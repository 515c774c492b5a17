import type { UseQueryResult } from '@tanstack/react-query'
import { RefreshCw } from 'lucide-react'
import type { ReactNode } from 'react'
import { isApiError } from '../api/client.ts'
import { Prose } from './prose.tsx'
import { ErrorState, PageSkeleton } from './states.tsx'

/**
 * What was asked of the server: a skeleton while it is on its way, the error where there is one, else the page. Where an older
 * answer is at hand it stays, with a line that says so.
 */
export function QueryView<T>(props: {
  readonly query: UseQueryResult<T, Error>
  readonly children: (data: T) => ReactNode
  readonly loading?: ReactNode
}) {
  const { query, children, loading = <PageSkeleton /> } = props
  if (query.data === undefined) {
    if (query.error !== null) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />
    return loading
  }
  return (
    <>
      {query.error === null ? null : (
        <p
          role="status"
          className="mb-4 flex flex-wrap items-center gap-2 rounded-lg border border-line bg-warn-soft px-3 py-2 text-sm text-warn"
        >
          <RefreshCw size={15} aria-hidden />
          <span>
            {query.error.message}{' '}
            {isApiError(query.error) && query.error.hint !== null ? <Prose text={query.error.hint} /> : null}
          </span>
          <span>What is shown was read before.</span>
        </p>
      )}
      {children(query.data)}
    </>
  )
}
