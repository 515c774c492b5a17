import { z } from 'zod'
import { type Route, route } from '../route.ts'
import { instantField } from '../wire.ts'
import { trains, workerOf } from './training.ts'

const history = route({
  method: 'POST',
  path: '/v1/features/history',
  summary: 'Values of one entity at instants, of any age, computed from the tables',
  tag: 'features',
  exists: trains,
  input: {
    body: z.strictObject({
      feature: z.string().min(1).max(500).describe('A view, or view:feature'),
      entity: z.record(z.string(), z.string()).describe('Key columns by name, each as text'),
      at: z.array(instantField).min(1).max(10_000).optional().describe('Now where left out'),
    }),
  },
  output: z.object({
    points: z.array(
      z.object({
        at: z.iso.datetime(),
        features: z.record(z.string(), z.object({ value: z.unknown(), status: z.string() })),
      }),
    ),
  }),
  run: ({ project }, { body: { feature, entity, at } }) =>
    workerOf(project).featureHistory({ feature, entity, at: at ?? null }),
})

/** The routes of values over time. */
export const featureHistoryRoutes: readonly Route[] = [history]
