import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { request } from './client.ts'

/** A value as it stands in JSON: int64 as text, times as ISO 8601. */
export type WireValue = string | number | boolean | null

/** A logged prediction with everything that went into it. */
export interface Prediction {
  readonly prediction_id: string
  readonly deployment: string
  readonly moment: string
  readonly key: Readonly<Record<string, WireValue>>
  readonly at: string
  /** Source -> every row known before it counted. */
  readonly as_of: Readonly<Record<string, string>>
  readonly entities: Readonly<Record<string, Readonly<Record<string, WireValue>>>>
  readonly request: Readonly<Record<string, WireValue>>
  readonly features: readonly {
    readonly role: string
    readonly feature: string
    readonly value: WireValue
    readonly status: string
    readonly digest: string
  }[]
  readonly derived: Readonly<Record<string, WireValue>>
  readonly output: Readonly<Record<string, number>> | null
  readonly model: string
  readonly model_version: string | null
  readonly arm: string
  readonly answered_by: string | null
  readonly reason: string | null
  readonly detail: string | null
  readonly latency_ms: Readonly<Record<'wait' | 'lookup' | 'derive' | 'model', number>>
  readonly manifest: string
  readonly logged_at: string
  /** Left out where nobody can tell. */
  readonly outcome?: {
    readonly label: boolean | number | null
    readonly status: 'observed' | 'absent' | 'open' | 'censored' | 'unobservable'
    readonly at: string | null
  }
}

/** One answer to a request at a moment. */
export interface MomentAnswer {
  readonly as_of: string
  readonly results: Readonly<
    Record<
      string,
      {
        readonly prediction_id: string
        readonly output: Readonly<Record<string, number>> | null
        readonly model_version: string | null
        readonly answered_by: string
        readonly reason?: string
        readonly logged: boolean
      }
    >
  >
}

interface PredictionPage {
  readonly predictions: readonly Prediction[]
  readonly next: string | null
}

/** Predictions of a deployment, the latest first, page by page. */
export const predictionsQuery = (deployment: string) =>
  infiniteQueryOptions({
    queryKey: ['predictions', deployment],
    queryFn: ({ pageParam, signal }) =>
      request<PredictionPage>('/v1/predictions', {
        signal,
        query: { deployment, order: 'newest', limit: 50, after: pageParam },
      }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
  })

/** One prediction. It never changes, but for its outcome. */
export const predictionQuery = (id: string) =>
  queryOptions({
    queryKey: ['prediction', id],
    queryFn: ({ signal }) => request<Prediction>(`/v1/predictions/${encodeURIComponent(id)}`, { signal }),
  })
