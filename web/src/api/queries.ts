import { keepPreviousData, QueryClient, queryOptions } from '@tanstack/react-query'
import type {
  DeploymentReport,
  FeatureHistory,
  FeatureViewReport,
  Metrics,
  ModelReport,
  Overview,
  PlatformStatus,
  RunComparison,
  RunReport,
  Trainers,
} from '../../../src/http/reports.ts'
import { isApiError, request } from './client.ts'

/** What pages ask of the server, each as a value: a page uses it, a link prefetches it. */

const second = 1000

/** Retries only where nobody answered: an answer that is an error stays one. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5 * second,
      gcTime: 5 * 60 * second,
      retry: (failures, error) => failures < 1 && isApiError(error) && error.status === 0,
      retryDelay: 400,
      refetchOnWindowFocus: true,
      networkMode: 'always',
    },
  },
})

const segment = encodeURIComponent

/** The state of the platform, and marks that change when something else has. */
export const statusQuery = queryOptions({
  queryKey: ['status'],
  queryFn: ({ signal }) => request<PlatformStatus>('/v1/status', { signal }),
  refetchInterval: 3 * second,
})

/** The first page. */
export const overviewQuery = queryOptions({
  queryKey: ['overview'],
  queryFn: ({ signal }) => request<Overview>('/v1/overview', { signal }),
  refetchInterval: 10 * second,
})

/** How far back traffic is told. */
export const trafficWindows = ['1h', '24h', '7d', '31d'] as const
export type TrafficWindow = (typeof trafficWindows)[number]

/** One deployment with its traffic, performance, drift and parity. */
export const deploymentQuery = (name: string, window: TrafficWindow = '7d') =>
  queryOptions({
    queryKey: ['deployment', name, window],
    queryFn: ({ signal }) =>
      request<DeploymentReport>(`/v1/deployments/${segment(name)}/report`, { signal, query: { window } }),
    // Another window of the same deployment replaces this one when it has come; another deployment does not.
    placeholderData: (before) => (before?.name === name ? before : undefined),
    refetchInterval: 10 * second,
  })

/** One feature view. */
export const featureViewQuery = (name: string) =>
  queryOptions({
    queryKey: ['feature-view', name],
    queryFn: ({ signal }) => request<FeatureViewReport>(`/v1/feature-views/${segment(name)}/report`, { signal }),
    refetchInterval: 30 * second,
  })

/** One model; `version` is the number of the version shown in full, the newest where left out. */
export const modelQuery = (name: string, version?: number) =>
  queryOptions({
    queryKey: ['model', name, version ?? null],
    queryFn: ({ signal }) => request<ModelReport>(`/v1/models/${segment(name)}/report`, { signal, query: { version } }),
    placeholderData: keepPreviousData,
    refetchInterval: 30 * second,
  })

/** One run; asked again every second until it has ended. */
export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ['run', id],
    queryFn: ({ signal }) => request<RunReport>(`/v1/runs/${segment(id)}/report`, { signal }),
    refetchInterval: ({ state }) => (state.data?.ended === false ? second : false),
  })

/** Two runs beside each other. */
export const runComparisonQuery = (first: string, second: string) =>
  queryOptions({
    queryKey: ['runs', 'compare', first, second],
    queryFn: ({ signal }) => request<RunComparison>('/v1/runs/compare', { signal, query: { a: first, b: second } }),
  })

/** A run in the list of runs. */
export interface RunRow {
  readonly id: string
  readonly model: string
  readonly status: RunReport['status']
  readonly started_at: string
  readonly finished_at: string | null
  readonly version: string | null
  readonly trainer: { readonly kind: string }
  readonly metrics: { readonly validation: Metrics } | null
  readonly checks: readonly { readonly passed: boolean }[]
  readonly progress: RunReport['progress']
  readonly error: RunReport['error']
}

/** Training attempts, the latest first. */
export const runsQuery = (model?: string) =>
  queryOptions({
    queryKey: ['runs', model ?? null],
    queryFn: ({ signal }) =>
      request<{ runs: RunRow[] }>('/v1/runs', { signal, query: { model, limit: 200, brief: true } }),
    // Marks of the status say when a run begins or ends; only what goes on is asked for in between.
    refetchInterval: ({ state }) => (state.data?.runs.some(({ finished_at }) => finished_at === null) ? second : false),
  })

/** The trainers that there are, and the parameters of each. */
export const trainersQuery = queryOptions({
  queryKey: ['trainers'],
  queryFn: ({ signal }) => request<Trainers>('/v1/trainers', { signal }),
  staleTime: Number.POSITIVE_INFINITY,
})

/** How a model is declared to be trained. */
export const modelTrainerQuery = (name: string) =>
  queryOptions({
    queryKey: ['model', name, 'trainer'],
    queryFn: ({ signal }) => request<ModelTrainer>(`/v1/models/${segment(name)}`, { signal }),
  })

/** The part of a model's definition that a training starts from. */
export interface ModelTrainer {
  readonly trainer: { readonly kind: string; readonly parameters: Readonly<Record<string, unknown>> }
  readonly split: { readonly from: number | null; readonly to: number | null }
}

/** Which source a moment's rows come from. */
export const momentSourceQuery = (name: string) =>
  queryOptions({
    queryKey: ['model', 'moment', name],
    queryFn: ({ signal }) => request<{ source: string }>(`/v1/moments/${segment(name)}`, { signal }),
  })

/** Values of one entity at every step of a period, from the tables; it takes a second or two. */
export const featureHistoryQuery = (
  feature: string,
  entity: Readonly<Record<string, string>>,
  period: { readonly from: number; readonly to: number; readonly stepMs: number },
) =>
  queryOptions({
    queryKey: ['feature-history', feature, entity, period],
    queryFn: ({ signal }) => {
      const { from, to, stepMs } = period
      const count = Math.floor((to - from) / stepMs) + 1
      const at = Array.from({ length: count }, (_, index) => new Date(from + index * stepMs).toISOString())
      return request<FeatureHistory>('/v1/features/history', { method: 'POST', body: { feature, entity, at }, signal })
    },
    staleTime: 5 * 60 * second,
    placeholderData: keepPreviousData,
  })

/** The value that a prediction would get now. */
export const featureLookupQuery = (feature: string, entity: Readonly<Record<string, string>>) =>
  queryOptions({
    queryKey: ['feature-lookup', feature, entity],
    queryFn: ({ signal }) =>
      request<FeatureLookup>('/v1/features/lookup', {
        method: 'POST',
        body: { features: [feature], entities: [entity] },
        signal,
      }),
    refetchInterval: 5 * second,
  })

/** The answer of a lookup: a row for each entity. */
export interface FeatureLookup {
  readonly at: string
  readonly rows: readonly {
    readonly as_of: string
    readonly features: Readonly<Record<string, { readonly value: unknown; readonly status: string }>>
  }[]
}
