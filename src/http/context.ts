import type { Clock } from '../clock.ts'
import type { Manifest } from '../define/index.ts'
import type { FeatureReader, MomentAnswer, PredictionReader, PredictionRecord } from '../serve/index.ts'
import type { Instant } from '../values/index.ts'
import type { Reports } from './reports/room.ts'
import type { OutcomeFound, TrainingRecords, Worker } from './work.ts'

/** What routes ask of the platform as a whole. */
export interface ServerContext {
  /**
   * The rooms of a project; null asks for the only one.
   * @throws not_found for an unknown name, or for null where there are several
   */
  project(name: string | null): ProjectContext
  /** Metrics in the text format of Prometheus. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>
  health(): Promise<Health>
}

/** Whether the server should get traffic, and what it looked at. */
export interface Health {
  readonly ready: boolean
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly detail?: string }>>
}

/** What routes ask of one project. Each property is a room, or the part of it that HTTP may call. */
export interface ProjectContext {
  readonly project: string
  /** The contract in force. */
  manifest(): Manifest
  readonly clock: Clock
  /** Moves a replay clock; null on the real one. */
  readonly advanceClock: ((to: Instant) => Promise<Instant>) | null
  predict(moment: string, body: unknown): Promise<MomentAnswer>
  readonly predictions: PredictionReader
  /** What came true after a prediction; null where nobody can tell here. */
  readonly outcomes: OutcomeFinder | null
  readonly features: FeatureReader
  readonly events: EventTaker
  /** Runs, versions and datasets, and the process that makes them; left out where nobody trains. */
  readonly training?: { readonly records: TrainingRecords; readonly worker: Worker }
  /** What pages about the project are made of; left out where nobody looks. */
  readonly reports?: Reports
}

/** Takes events, in this process or by way of the one that writes. */
export interface EventTaker {
  /**
   * Appends events, all or none, durable when this resolves.
   * @throws row_invalid naming `events[i].column`, event_conflict, event_too_old, writer_unavailable
   */
  append(source: string, events: readonly unknown[]): Promise<EventsTaken>
}

/** What became of events. */
export interface EventsTaken {
  readonly accepted: number
  readonly duplicates: number
  readonly position: string
}

/** Finds the outcomes of predictions. */
export interface OutcomeFinder {
  /** One answer a record; null where nobody can tell now. It never rejects for want of a process. */
  find(records: readonly PredictionRecord[]): Promise<readonly (OutcomeFound | null)[]>
}
