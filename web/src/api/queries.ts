import { keepPreviousData, QueryClient, queryOptions } from '@tanstack/react-query'
import type {
  DeploymentReport,
  FeatureViewReport,
  ModelReport,
  Overview,
  PlatformStatus,
  RunComparison,
  RunReport,
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

/** One deployment with its traffic, performance, drift and parity. */
export const deploymentQuery = (name: string) =>
  queryOptions({
    queryKey: ['deployment', name],
    queryFn: ({ signal }) => request<DeploymentReport>(`/v1/deployments/${segment(name)}/report`, { signal }),
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
    queryFn: ({ signal }) => request<RunComparison>('/v1/runs/compare', { signal, query: { first, second } }),
  })

/** A run in the list of runs. */
export interface RunRow {
  readonly id: string
  readonly model: string
  readonly status: RunReport['status']
  readonly started_at: string
  readonly finished_at: string | null
  readonly version: string | null
  readonly progress: RunReport['progress']
  readonly error: RunReport['error']
}

/** Training attempts, the latest first. */
export const runsQuery = (model?: string) =>
  queryOptions({
    queryKey: ['runs', model ?? null],
    queryFn: ({ signal }) => request<{ runs: RunRow[] }>('/v1/runs', { signal, query: { model, limit: 200 } }),
    refetchInterval: 5 * second,
  })
