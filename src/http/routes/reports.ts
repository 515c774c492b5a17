import { z } from 'zod'
import { noonmarkError } from '../../errors.ts'
import { trafficWindows } from '../../serve/index.ts'
import type { ProjectContext } from '../context.ts'
import type { Reports } from '../reports/room.ts'
import {
  deploymentReportSchema,
  featureViewReportSchema,
  modelReportSchema,
  overviewSchema,
  platformStatusSchema,
  runComparisonSchema,
  runReportSchema,
} from '../reports.ts'
import { type Route, route } from '../route.ts'
import { nameField } from '../wire.ts'

const looks = ({ reports }: ProjectContext): boolean => reports !== undefined

/** What reports are made by. @throws not_found where this server makes none */
function reportsOf({ reports }: ProjectContext): Reports {
  if (reports !== undefined) return reports
  throw noonmarkError('not_found', { message: 'This server makes no reports.' })
}

const windowField = (usual: (typeof trafficWindows)[number]) =>
  z.enum(trafficWindows).default(usual).describe('How far back traffic is told, up to now')
const runField = z.string().min(1).max(100).describe('The id of a run, or its last characters')

const overview = route({
  method: 'GET',
  path: '/v1/overview',
  summary: 'The whole project at a glance: traffic, performance, parity, what needs attention',
  tag: 'reports',
  exists: looks,
  input: { query: z.strictObject({ window: windowField('7d') }) },
  output: overviewSchema,
  run: ({ project }, { query }) => reportsOf(project).overview(query.window),
})

const featureView = route({
  method: 'GET',
  path: '/v1/feature-views/{name}/report',
  summary: 'A feature view: how it is written, who uses it, freshness, and its values in training and now',
  tag: 'reports',
  exists: looks,
  input: { params: z.object({ name: nameField }) },
  output: featureViewReportSchema,
  run: ({ project }, { params }) => reportsOf(project).featureView(params.name),
})

const model = route({
  method: 'GET',
  path: '/v1/models/{name}/report',
  summary: 'A model: its versions, and one of them with metrics, curves, checks, importance and lineage',
  tag: 'reports',
  exists: looks,
  input: {
    params: z.object({ name: nameField }),
    query: z.strictObject({
      version: z.coerce.number().int().min(1).optional().describe('The number of a version; the newest where left out'),
    }),
  },
  output: modelReportSchema,
  run: ({ project }, { params, query }) => reportsOf(project).model(params.name, query.version ?? null),
})

const comparison = route({
  method: 'GET',
  path: '/v1/runs/compare',
  summary: 'Two runs beside each other: data, parameters, metrics, loss curves',
  tag: 'reports',
  exists: looks,
  input: { query: z.strictObject({ a: runField, b: runField }) },
  output: runComparisonSchema,
  run: ({ project }, { query }) => reportsOf(project).compareRuns(query.a, query.b),
})

const run = route({
  method: 'GET',
  path: '/v1/runs/{id}/report',
  summary: 'A run: how far it is, parameters, loss curves, metrics, checks; its log is at /v1/runs/{id}/logs',
  tag: 'reports',
  exists: looks,
  input: { params: z.object({ id: runField }) },
  output: runReportSchema,
  run: ({ project }, { params }) => reportsOf(project).run(params.id),
})

const deployment = route({
  method: 'GET',
  path: '/v1/deployments/{name}/report',
  summary:
    'A deployment: traffic and latency, champion and shadows, performance by day, drift, parity, and how to ask it',
  tag: 'reports',
  exists: looks,
  input: { params: z.object({ name: nameField }), query: z.strictObject({ window: windowField('24h') }) },
  output: deploymentReportSchema,
  run: ({ project }, { params, query }) => reportsOf(project).deployment(params.name, query.window),
})

const status = route({
  method: 'GET',
  path: '/v1/status',
  summary: 'Processes, mistakes in the folder, and marks that differ when something has changed: cheap enough to poll',
  tag: 'operations',
  exists: looks,
  input: {},
  output: platformStatusSchema,
  run: ({ project }) => reportsOf(project).status(),
})

/** The routes that pages about the platform are made of. */
export const reportRoutes: readonly Route[] = [overview, featureView, model, comparison, run, deployment, status]
