import { z } from 'zod'
import { type Instant, parseInstant } from '../values/index.ts'

/** An instant in a query or a body: ISO 8601 with an offset, read into UTC milliseconds. */
export const instantField = z
  .string()
  .describe('ISO 8601 with an offset')
  .transform((text): Instant => parseInstant(text))

/** The name of a definition in a path. */
export const nameField = z.string().min(1).max(200)
