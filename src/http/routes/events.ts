import { z } from 'zod'
import type { SourceSpec } from '../../define/index.ts'
import { valueSchema } from '../moment-schema.ts'
import { type Route, route } from '../route.ts'
import { nameField } from '../wire.ts'

/** The most events that one call may hold. */
export const eventLimit = 10_000

const eventsBody = (row: z.ZodType) => z.strictObject({ events: z.array(row).min(1).max(eventLimit) })

const append = route({
  method: 'POST',
  path: '/v1/sources/{source}/events',
  summary: 'Append events to a source, all or none; durable when the answer comes',
  tag: 'events',
  input: { params: z.object({ source: nameField }), body: eventsBody(z.record(z.string(), z.unknown())) },
  output: z.object({ accepted: z.int(), duplicates: z.int(), position: z.string() }),
  describe: (manifest) =>
    Object.values(manifest.sources).map((spec) => ({
      path: `/v1/sources/${spec.name}/events`,
      summary: spec.description ?? `Append events to the source ${spec.name}`,
      body: eventsBody(eventSchema(spec)),
    })),
  run: ({ project }, { params, body }) => project.events.append(params.source, body.events),
})

/** The routes of events. */
export const eventRoutes: readonly Route[] = [append]

function eventSchema({ columns }: SourceSpec): z.ZodType {
  return z.strictObject(
    Object.fromEntries(
      Object.entries(columns).map(([name, { type, nullability, description }]) => {
        const value = valueSchema(type)
        const described = description === undefined ? value : value.describe(description)
        return [name, nullability === 'required' ? described : described.nullish()]
      }),
    ),
  )
}
