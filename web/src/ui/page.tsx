import type { ReactNode } from 'react'
import { useEffect } from 'react'

/** The frame of a page: what kind of thing it shows, its name, words beside and below it. Sets the window's title. */
export function Page(props: {
  /** `Deployment`, `Model` */
  readonly kind?: ReactNode
  readonly name: string
  readonly badges?: ReactNode
  readonly description?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
}) {
  const { kind, name, badges, description, actions, children } = props
  useEffect(() => {
    document.title = `${name} · Noonmark`
  }, [name])
  return (
    <div className="space-y-4">
      <header className="flex flex-wrap items-end justify-between gap-x-6 gap-y-3 pb-1">
        <div className="min-w-0">
          {kind === undefined ? null : <p className="text-xs font-medium text-faint">{kind}</p>}
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <h1 className="text-xl font-semibold tracking-tight break-words sm:text-2xl">{name}</h1>
            {badges}
          </div>
          {description === undefined || description === null ? null : (
            <p className="mt-1 max-w-prose text-sm text-muted">{description}</p>
          )}
        </div>
        {actions}
      </header>
      {children}
    </div>
  )
}
