import type { BlobStore } from '../../blob/index.ts'
import type { Clock } from '../../clock.ts'
import type { RunReport } from '../../http/reports.ts'
import type { TrainingRecords } from '../../http/work.ts'
import type { MetadataReader } from '../../metadata/index.ts'
import type { LatestReport } from '../../monitor/index.ts'
import type { FeatureReader, PredictionReader, Traffic } from '../../serve/index.ts'
import type { Instant } from '../../values/index.ts'
import type { AnsweringState } from '../answering.ts'
import type { FolderStatus } from '../folder-status.ts'
import type { DefinitionSources } from './definition-source.ts'

/** What reports are made from: stores that are only read, and what this process knows while it answers. */
export interface ReportSources {
  readonly project: string
  readonly clock: Clock
  readonly metadata: MetadataReader
  readonly blobs: BlobStore
  readonly records: TrainingRecords
  /** What answers now, and why something does not. */
  state(): AnsweringState
  readonly traffic: Pick<Traffic, 'over' | 'scores' | 'counted'>
  readonly predictions: PredictionReader
  features(): FeatureReader
  /** Source -> instant below which every received row is applied. */
  frontiers(): Readonly<Record<string, Instant>>
  readonly definitions: DefinitionSources
  /** The last monitor report; null before the first. */
  monitorReport(): Promise<LatestReport | null>
  /** Differs when there is another monitor report. */
  reportMark(): Promise<string>
  /** The losses of a run, iteration by iteration. */
  curve(run: string): Promise<readonly CurvePointRead[]>
  /** How long a run took by its log, in milliseconds of the machine's time; null without one. */
  timeInLog(run: string): Promise<number | null>
  /** What `dev` found in the folder; null where nobody looks. */
  folder(): Promise<FolderStatus | null>
  /** Whether each other process answers. */
  roles(): readonly { readonly role: 'serve' | 'writer' | 'worker'; readonly running: boolean }[]
}

/** A point of a loss curve. */
export interface CurvePointRead {
  readonly iteration: number
  readonly training_loss: number | null
  readonly validation_loss: number | null
}

/** What a run's report has of its curve. */
export type CurveReport = RunReport['curve']
