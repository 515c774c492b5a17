import { useQuery } from '@tanstack/react-query'
import { TriangleAlert } from 'lucide-react'
import { statusQuery } from '../api/queries.ts'
import { Prose } from '../ui/index.ts'

/** A mistake in the project's folder: what was applied before goes on, and this says what to mend, and where. */
export function DefinitionNotice() {
  const { data } = useQuery(statusQuery)
  const error = data?.definitions.error
  if (error == null) return null
  const place = error.file === null ? error.path : `${error.file}${error.line === null ? '' : `:${error.line}`}`
  return (
    <section
      role="alert"
      aria-label="The project's folder is not applied"
      className="border-b border-line bg-bad-soft px-4 py-3 text-sm sm:px-6"
    >
      <div className="flex gap-3">
        <TriangleAlert size={18} className="mt-0.5 shrink-0 text-bad" aria-hidden />
        <div className="min-w-0 space-y-0.5">
          <p className="font-semibold text-bad">The folder is not applied; what was applied before goes on.</p>
          <p className="break-words whitespace-pre-wrap">{error.message}</p>
          <p className="text-muted">
            <Prose text={error.hint} />
          </p>
          <p className="text-xs text-muted">
            {place === null ? null : <code className="mr-3 font-mono text-ink">{place}</code>}
            {error.file !== null && error.path !== null ? <code className="mr-3 font-mono">{error.path}</code> : null}
            <code className="font-mono">{error.code}</code>
          </p>
        </div>
      </div>
    </section>
  )
}
