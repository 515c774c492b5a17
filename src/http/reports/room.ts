import type { TrafficWindow } from '../../serve/index.ts'
import type { DeploymentReport } from './deployment.ts'
import type { FeatureViewReport } from './feature-view.ts'
import type { ModelReport } from './model.ts'
import type { Overview } from './overview.ts'
import type { RunComparison, RunReport } from './run.ts'
import type { PlatformStatus } from './status.ts'

/** What pages about a project are made of, from kept records and from memory: quick, and nothing is computed over tables. */
export interface Reports {
  overview(window: TrafficWindow): Promise<Overview>
  /** @throws not_found */
  featureView(name: string): Promise<FeatureViewReport>
  /** A model, and one of its versions, or the newest, with everything that decided it. @throws not_found, version_unknown */
  model(name: string, version: number | null): Promise<ModelReport>
  /** @throws not_found */
  run(id: string): Promise<RunReport>
  /** @throws not_found */
  compareRuns(first: string, second: string): Promise<RunComparison>
  /** @throws not_found */
  deployment(name: string, window: TrafficWindow): Promise<DeploymentReport>
  status(): Promise<PlatformStatus>
}
