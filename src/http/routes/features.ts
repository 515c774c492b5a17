import { z } from 'zod'
import { entityLimit } from '../../serve/index.ts'
import { type Route, route } from '../route.ts'
import { instantField } from '../wire.ts'

const lookup = route({
  method: 'POST',
  path: '/v1/features/lookup',
  summary: 'Feature values of entities, with a status each, now or at an earlier instant',
  tag: 'features',
  input: {
    body: z.strictObject({
      features: z.array(z.string()).min(1).max(500).describe('view:feature'),
      entities: z
        .array(z.record(z.string(), z.unknown()))
        .min(1)
        .max(entityLimit)
        .describe('Key columns by name, one object for each entity'),
      at: instantField.nullish(),
      min_position: z.string().nullish(),
    }),
  },
  output: z.object({
    at: z.iso.datetime(),
    rows: z.array(
      z.object({
        as_of: z.iso.datetime(),
        sources: z.record(z.string(), z.iso.datetime()),
        exact_from: z
          .record(z.string(), z.iso.datetime().nullable())
          .describe('From when on features of a source are exact for this entity; null: at every instant'),
        features: z.record(z.string(), z.object({ value: z.unknown(), status: z.string() })),
      }),
    ),
  }),
  run: ({ project }, { body }) =>
    project.features.lookup({
      features: body.features,
      entities: body.entities,
      at: body.at ?? null,
      minPosition: body.min_position ?? null,
    }),
})

/** The routes of features. */
export const featureRoutes: readonly Route[] = [lookup]
