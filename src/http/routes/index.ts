import type { Route } from '../route.ts'
import { catalogRoutes } from './catalog.ts'
import { clockRoutes } from './clock.ts'
import { datasetRoutes } from './datasets.ts'
import { eventRoutes } from './events.ts'
import { featureHistoryRoutes } from './feature-history.ts'
import { featureRoutes } from './features.ts'
import { jobRoutes } from './jobs.ts'
import { lineageRoutes } from './lineage.ts'
import { monitorRoutes } from './monitors.ts'
import { operationRoutes } from './operations.ts'
import { planRoutes } from './plan.ts'
import { predictionRoutes } from './predictions.ts'
import { reportRoutes } from './reports.ts'
import { rollbackRoutes } from './rollbacks.ts'
import { runRoutes } from './runs.ts'
import { trainerRoutes } from './trainers.ts'
import { versionRoutes } from './versions.ts'

/** Every route: what serving answers itself, and what it asks the worker for. */
export const serveRoutes: readonly Route[] = [
  ...predictionRoutes,
  ...eventRoutes,
  ...featureRoutes,
  ...featureHistoryRoutes,
  ...catalogRoutes,
  ...lineageRoutes,
  ...planRoutes,
  ...reportRoutes,
  ...runRoutes,
  ...trainerRoutes,
  ...versionRoutes,
  ...rollbackRoutes,
  ...datasetRoutes,
  ...monitorRoutes,
  ...jobRoutes,
  ...clockRoutes,
  ...operationRoutes,
]
