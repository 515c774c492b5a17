import type { Route } from '../route.ts'
import { catalogRoutes } from './catalog.ts'
import { clockRoutes } from './clock.ts'
import { eventRoutes } from './events.ts'
import { featureRoutes } from './features.ts'
import { operationRoutes } from './operations.ts'
import { predictionRoutes } from './predictions.ts'

/** Every route of serving: predictions, events, features, catalog, clock, operations. */
export const serveRoutes: readonly Route[] = [
  ...predictionRoutes,
  ...eventRoutes,
  ...featureRoutes,
  ...catalogRoutes,
  ...clockRoutes,
  ...operationRoutes,
]
