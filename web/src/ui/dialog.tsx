import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import type { ReactNode } from 'react'

/** A window over the page, closed by Escape, by its button and by a click beside it. */
export function Dialog(props: {
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
  readonly title: ReactNode
  readonly description?: ReactNode
  readonly children: ReactNode
}) {
  return (
    <Radix.Root open={props.open} onOpenChange={props.onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-[rgb(12_14_18/0.45)]" />
        <Radix.Content
          {...(props.description === undefined ? { 'aria-describedby': undefined } : {})}
          className="fixed inset-x-3 top-[6dvh] z-50 mx-auto flex max-h-[88dvh] max-w-3xl flex-col rounded-xl border border-line bg-surface shadow-raised focus:outline-none"
        >
          <header className="flex items-start justify-between gap-4 border-b border-line px-5 py-3.5">
            <div>
              <Radix.Title className="font-semibold tracking-tight">{props.title}</Radix.Title>
              {props.description === undefined ? null : (
                <Radix.Description className="text-sm text-muted">{props.description}</Radix.Description>
              )}
            </div>
            <Radix.Close className="rounded-md p-1 text-muted hover:bg-sunken hover:text-ink" aria-label="Close">
              <X size={18} aria-hidden />
            </Radix.Close>
          </header>
          <div className="overflow-y-auto px-5 py-4">{props.children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
