import type { ReactNode } from 'react'
import { useId } from 'react'
import { classes } from './classes.ts'

/** A part of a page: a title, what its figures are over, and the figures. */
export function Card(props: {
  readonly title?: ReactNode
  /** What the part is over, in words: rows, days, version. */
  readonly over?: ReactNode
  /** Beside the title: links, switches. */
  readonly actions?: ReactNode
  readonly children: ReactNode
  readonly className?: string
  /** Tables reach the edges of their card. */
  readonly flush?: boolean
  readonly id?: string
}) {
  const { title, over, actions, children, className, flush = false, id } = props
  const titleId = useId()
  return (
    <section
      id={id}
      aria-labelledby={title === undefined ? undefined : titleId}
      className={classes(
        'min-w-0 rounded-xl border border-line bg-surface shadow-card',
        flush && 'overflow-hidden',
        className,
      )}
    >
      {title === undefined ? null : (
        <header className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1 px-4 pt-3.5 sm:px-5">
          <div className="flex min-w-0 flex-wrap items-baseline gap-x-3 gap-y-0.5">
            <h2 id={titleId} className="text-[0.95rem] font-semibold tracking-tight">
              {title}
            </h2>
            {over === undefined ? null : <p className="text-xs text-faint">{over}</p>}
          </div>
          {actions}
        </header>
      )}
      <div
        className={
          flush ? 'pt-2.5' : classes('px-4 pb-4 sm:px-5 sm:pb-5', title === undefined ? 'pt-4 sm:pt-5' : 'pt-3')
        }
      >
        {children}
      </div>
    </section>
  )
}

/** Parts beside each other where there is room, below each other where there is not. */
export function Grid(props: {
  readonly children: ReactNode
  readonly columns?: 2 | 3 | 4
  readonly className?: string
}) {
  const { children, columns = 2, className } = props
  const wide = { 2: 'lg:grid-cols-2', 3: 'md:grid-cols-2 xl:grid-cols-3', 4: 'sm:grid-cols-2 xl:grid-cols-4' }[columns]
  return <div className={classes('grid grid-cols-1 gap-4', wide, className)}>{children}</div>
}
