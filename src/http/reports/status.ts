import { z } from 'zod'
import { instant } from './parts.ts'

/** Something wrong in the project's folder, which is why it is not applied. */
export const definitionErrorSchema = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  path: z.string().nullable().describe('File, definition and field'),
  file: z.string().nullable(),
  line: z.int().nullable(),
  since: instant.describe("The machine's time at which it was found"),
})

export const platformStatusSchema = z.object({
  project: z.string(),
  clock: z.object({ now: instant, replay: z.boolean() }),
  ready: z.boolean(),
  roles: z.array(
    z.object({
      role: z.enum(['serve', 'writer', 'worker']),
      running: z.boolean(),
      detail: z.string().nullable(),
    }),
  ),
  definitions: z
    .object({
      state: z.enum(['applied', 'failed', 'never_applied']),
      error: definitionErrorSchema.nullable().describe('What was applied before goes on'),
    })
    .describe('Whether the folder is what counts; `dev` applies it whenever it changes'),
  changes: z
    .object({
      definitions: z.string(),
      runs: z.string(),
      versions: z.string(),
      predictions: z.string(),
      report: z.string(),
    })
    .describe('Marks that differ when something of the kind has changed: what to ask for again'),
})

export type DefinitionError = z.output<typeof definitionErrorSchema>
export type PlatformStatus = z.output<typeof platformStatusSchema>
