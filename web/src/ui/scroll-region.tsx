import type { ReactNode } from 'react'

/** A part that scrolls by itself, when it is wider or higher than its place; the keyboard reaches it. */
export function ScrollRegion(props: {
  readonly label: string
  readonly children: ReactNode
  readonly className?: string
}) {
  return (
    <section
      aria-label={props.label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable, or the keyboard never sees its end
      tabIndex={0}
      className={`overflow-auto focus-visible:-outline-offset-2 ${props.className ?? ''}`}
    >
      {props.children}
    </section>
  )
}
