import type { ComponentProps } from 'react'
import { classes } from './classes.ts'

/** A button; `primary` at most once in a part. */
export function Button(props: ComponentProps<'button'> & { readonly kind?: 'primary' | 'plain' }) {
  const { kind = 'plain', className, ...rest } = props
  return (
    <button
      type="button"
      {...rest}
      className={classes(
        'inline-flex items-center gap-1.5 rounded-lg px-3 py-1.5 text-sm font-medium disabled:opacity-55',
        kind === 'primary'
          ? 'bg-accent text-on-accent hover:brightness-110'
          : 'border border-line-strong bg-surface text-ink hover:bg-sunken',
        className,
      )}
    />
  )
}
