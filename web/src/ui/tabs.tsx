import { Tabs as Radix } from 'radix-ui'
import { type ReactNode, useEffect, useRef } from 'react'

/** One tab. */
export interface Tab {
  readonly id: string
  readonly title: ReactNode
  readonly content: ReactNode
}

/** Parts of a page of which one is shown. `value` belongs into the address, so that a link leads to the tab. */
export function Tabs(props: {
  readonly label: string
  readonly tabs: readonly Tab[]
  readonly value: string
  readonly onChange: (id: string) => void
}) {
  const { label, tabs, value, onChange } = props
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const bar = list.current
    const chosen = bar?.querySelector<HTMLElement>('[data-state=active]')
    if (bar == null || chosen == null) return
    const [left, right] = [chosen.offsetLeft - bar.offsetLeft, chosen.offsetLeft - bar.offsetLeft + chosen.offsetWidth]
    if (left < bar.scrollLeft || right > bar.scrollLeft + bar.clientWidth) bar.scrollLeft = left - 24
  }, [value])
  return (
    <Radix.Root value={value} onValueChange={onChange}>
      <Radix.List
        ref={list}
        aria-label={label}
        className="-mx-4 mb-4 flex gap-1 overflow-x-auto border-b border-line px-4 sm:mx-0 sm:px-0"
      >
        {tabs.map(({ id, title }) => (
          <Radix.Trigger
            key={id}
            value={id}
            className="-mb-px border-b-2 border-transparent px-2.5 py-2 text-sm font-medium whitespace-nowrap text-muted hover:text-ink focus-visible:-outline-offset-2 data-[state=active]:border-accent data-[state=active]:text-ink"
          >
            {title}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map(({ id, content }) => (
        <Radix.Content key={id} value={id} className="focus-visible:outline-offset-4">
          {content}
        </Radix.Content>
      ))}
    </Radix.Root>
  )
}
