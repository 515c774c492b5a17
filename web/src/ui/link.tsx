import { Link as RouterLink } from '@tanstack/react-router'
import type { ComponentProps } from 'react'

/** A link inside the application, to be told from the text around it. Typed by the routes that there are. */
export const TextLink: typeof RouterLink = ((props: ComponentProps<typeof RouterLink>) => (
  <RouterLink
    {...props}
    className={`font-medium text-accent underline-offset-4 hover:underline ${props.className ?? ''}`}
  />
)) as typeof RouterLink // the same properties, so the same inference
