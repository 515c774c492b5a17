import { Tooltip as Radix } from 'radix-ui'
import type { ReactNode } from 'react'

/** A word with more to say when pointed at or focused; what is in it must not be needed to read the page. */
export function Tooltip(props: { readonly content: ReactNode; readonly children: ReactNode }) {
  return (
    <Radix.Provider delayDuration={150}>
      <Radix.Root>
        <Radix.Trigger
          type="button"
          className="cursor-help text-left underline decoration-line-strong decoration-dotted underline-offset-4"
        >
          {props.children}
        </Radix.Trigger>
        <Radix.Portal>
          <Radix.Content
            sideOffset={6}
            collisionPadding={12}
            className="z-50 max-w-80 rounded-lg border border-line bg-surface px-3 py-2 text-xs leading-5 text-ink shadow-raised"
          >
            {props.content}
          </Radix.Content>
        </Radix.Portal>
      </Radix.Root>
    </Radix.Provider>
  )
}
