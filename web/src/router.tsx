import {
  createRootRoute,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  lazyRouteComponent,
} from '@tanstack/react-router'
import { predictionQuery } from './api/predictions.ts'
import {
  deploymentQuery,
  featureViewQuery,
  modelQuery,
  overviewQuery,
  queryClient,
  runComparisonQuery,
  runQuery,
  runsQuery,
  type TrafficWindow,
  trafficWindows,
} from './api/queries.ts'
import { OverviewPage } from './features/overview/overview-page.tsx'
import { AppShell } from './layout/app-shell.tsx'
import { EmptyState, ErrorState, Page, PageSkeleton, TextLink } from './ui/index.ts'

/**
 * Every page with its address. Pages other than the first are loaded when they are asked for, and their figures at the same
 * time: a loader starts the request and does not wait for it.
 */
const root = createRootRoute({ component: AppShell })

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
const naturalNumber = (value: unknown): number | undefined => {
  const number = Number(value)
  return value !== '' && Number.isInteger(number) && number > 0 ? number : undefined
}

const overview = createRoute({
  getParentRoute: () => root,
  path: '/',
  loader: () => void queryClient.prefetchQuery(overviewQuery),
  component: OverviewPage,
})

const deployment = createRoute({
  getParentRoute: () => root,
  path: '/deployments/$name',
  validateSearch: (search: Record<string, unknown>): { tab?: string; column?: string; window?: TrafficWindow } => {
    const [tab, column] = [text(search.tab), text(search.column)]
    const window = trafficWindows.find((one) => one === search.window)
    return {
      ...(tab === undefined ? {} : { tab }),
      ...(column === undefined ? {} : { column }),
      ...(window === undefined ? {} : { window }),
    }
  },
  loaderDeps: ({ search }) => ({ window: search.window }),
  loader: ({ params, deps }) => void queryClient.prefetchQuery(deploymentQuery(params.name, deps.window)),
  component: lazyRouteComponent(() => import('./features/deployment/deployment-page.tsx'), 'DeploymentPage'),
})

const prediction = createRoute({
  getParentRoute: () => root,
  path: '/predictions/$id',
  loader: ({ params }) => void queryClient.prefetchQuery(predictionQuery(params.id)),
  component: lazyRouteComponent(() => import('./features/prediction/prediction-page.tsx'), 'PredictionPage'),
})

const featureView = createRoute({
  getParentRoute: () => root,
  path: '/feature-views/$name',
  validateSearch: (search: Record<string, unknown>): { feature?: string; entity?: string } => {
    const [feature, entity] = [text(search.feature), text(search.entity)]
    return { ...(feature === undefined ? {} : { feature }), ...(entity === undefined ? {} : { entity }) }
  },
  loader: ({ params }) => void queryClient.prefetchQuery(featureViewQuery(params.name)),
  component: lazyRouteComponent(() => import('./features/feature-view/feature-view-page.tsx'), 'FeatureViewPage'),
})

const featureViews = createRoute({
  getParentRoute: () => root,
  path: '/feature-views',
  component: lazyRouteComponent(() => import('./features/feature-view/feature-views-page.tsx'), 'FeatureViewsPage'),
})

const models = createRoute({
  getParentRoute: () => root,
  path: '/models',
  component: lazyRouteComponent(() => import('./features/model/models-page.tsx'), 'ModelsPage'),
})

const model = createRoute({
  getParentRoute: () => root,
  path: '/models/$name',
  validateSearch: (search: Record<string, unknown>): { version?: number; tab?: string } => {
    const [version, tab] = [naturalNumber(search.version), text(search.tab)]
    return { ...(version === undefined ? {} : { version }), ...(tab === undefined ? {} : { tab }) }
  },
  loaderDeps: ({ search }) => ({ version: search.version }),
  loader: ({ params, deps }) => void queryClient.prefetchQuery(modelQuery(params.name, deps.version)),
  component: lazyRouteComponent(() => import('./features/model/model-page.tsx'), 'ModelPage'),
})

const runs = createRoute({
  getParentRoute: () => root,
  path: '/runs',
  validateSearch: (search: Record<string, unknown>): { model?: string } => {
    const name = text(search.model)
    return name === undefined ? {} : { model: name }
  },
  loaderDeps: ({ search }) => search,
  loader: ({ deps }) => void queryClient.prefetchQuery(runsQuery(deps.model)),
  component: lazyRouteComponent(() => import('./features/run/runs-page.tsx'), 'RunsPage'),
})

const comparison = createRoute({
  getParentRoute: () => root,
  path: '/runs/compare',
  validateSearch: (search: Record<string, unknown>): { first?: string; second?: string } => {
    const [first, second] = [text(search.first), text(search.second)]
    return { ...(first === undefined ? {} : { first }), ...(second === undefined ? {} : { second }) }
  },
  loaderDeps: ({ search }) => search,
  loader: ({ deps: { first, second } }) => {
    if (first !== undefined && second !== undefined) void queryClient.prefetchQuery(runComparisonQuery(first, second))
  },
  component: lazyRouteComponent(() => import('./features/run/comparison-page.tsx'), 'ComparisonPage'),
})

const run = createRoute({
  getParentRoute: () => root,
  path: '/runs/$id',
  loader: ({ params }) => void queryClient.prefetchQuery(runQuery(params.id)),
  component: lazyRouteComponent(() => import('./features/run/run-page.tsx'), 'RunPage'),
})

export const router = createRouter({
  routeTree: root.addChildren([
    overview,
    deployment,
    prediction,
    featureViews,
    featureView,
    models,
    model,
    runs,
    comparison,
    run,
  ]),
  defaultPreload: 'intent',
  // Queries know how old their answers are; the router need not.
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
  defaultPendingMs: 150,
  defaultPendingComponent: PageSkeleton,
  defaultErrorComponent: PageError,
  defaultNotFoundComponent: NotFound,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

function PageError({ error, reset }: ErrorComponentProps) {
  return <ErrorState error={error} onRetry={reset} />
}

function NotFound() {
  return (
    <Page name="Nothing is here">
      <EmptyState title="There is no such page.">
        <TextLink to="/">To the overview</TextLink>
      </EmptyState>
    </Page>
  )
}
