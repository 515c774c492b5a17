/**
 * What people ask a platform to do, as JSON in and JSON out: the same functions answer the command line in a folder and, in the
 * worker process, the routes of a server.
 */
import { noonmarkError } from '../errors.ts'
import type { FeatureHistoryJson, FeatureHistoryRequest, TrainingRecords, Worker } from '../http/work.ts'
import type { Platform } from '../platform.ts'
import { hasEnded, type Run, type RunJson, runJson, versionJson } from '../registry/index.ts'
import { formatInstant } from '../values/index.ts'
import { featureValues } from './exploring.ts'
import { buildDataset, keptDataset } from './operations-datasets.ts'
import { openJobs } from './operations-jobs.ts'
import { cancelRun, endLostRuns, leaseOf } from './operations-lease.ts'
import { applyFor, planFor, plannedJson, release, rollBack } from './operations-plan.ts'
import { readRunLog } from './operations-run-log.ts'
import { type StartedTraining, startTraining } from './operations-runs.ts'
import { openTurns } from './operations-turns.ts'
import { watch } from './watching.ts'

/** The records of what was trained and built, for any process: it reads the stores and never writes them. */
export function trainingRecords(platform: Platform): TrainingRecords {
  const { registry, blobs } = platform
  return {
    runs: async (query) => Promise.all((await registry.runs(query)).map((run) => currentRun(platform, run))),
    run: async (id) => currentRun(platform, await registry.run(id)),
    runLog: (id, signal) => readRunLog(platform, id, signal),
    versions: async (model) => (await registry.versions(model)).map(versionJson),
    version: async (name) => versionJson(await registry.version(name)),
    dataset: async (content) => (await keptDataset(platform, content)).summary,
    datasetRows: async (content) => blobs.stream((await keptDataset(platform, content)).blob),
  }
}

/** A run with how far it is, where a process trains it now. */
async function currentRun(platform: Platform, run: Run): Promise<RunJson> {
  if (hasEnded(run)) return runJson(run)
  return runJson(run, (await leaseOf(platform, run.id))?.progress ?? null)
}

/** Values of one entity over time. */
export async function featureHistory(
  platform: Platform,
  { feature, entity, at }: FeatureHistoryRequest,
): Promise<FeatureHistoryJson> {
  const instants = at ?? [platform.clock.now()]
  const rows = await featureValues(platform, feature, entity, instants)
  return { points: rows.map((features, i) => ({ at: formatInstant(instants[i]!), features })) }
}

/** The worker of a platform, in this process. */
export interface OpenWorker extends Worker {
  /** Records runs as failed whose process is gone; returns their ids. */
  endLostRuns(atStart: boolean): Promise<readonly string[]>
  /** Cancels what runs and waits for it. */
  close(): Promise<void>
}

/** How many runs are trained at a time; each also has a process of its own. */
const trainingsAtATime = 2

/** Opens the worker. Runs wait for a turn; other long work goes one after another. */
export function openWorker(platform: Platform): OpenWorker {
  const jobs = openJobs()
  const turns = openTurns(trainingsAtATime)
  const closing = new AbortController()
  const trainings = new Set<StartedTraining['ended']>()
  return {
    plan: async ({ plan }) => plannedJson(await planFor(platform, plan)),
    apply: ({ plan, by }) => applyFor(platform, plan, by),
    async startRun(request) {
      const { signal } = closing
      if (signal.aborted) throw noonmarkError('worker_unavailable')
      const { started, ended } = startTraining(platform, request, { owner: 'worker', turns, signal })
      trainings.add(ended)
      ended.catch(() => undefined).finally(() => trainings.delete(ended))
      return runJson(await started)
    },
    cancelRun: async ({ run }) => currentRun(platform, await cancelRun(platform, run)),
    rollBack: (request) => rollBack(platform, request),
    release: ({ deployment }) => release(platform, deployment),
    buildDataset: ({ waitMs, ...request }) =>
      jobs.start('dataset', JSON.stringify(request), waitMs, (handle) => buildDataset(platform, request, handle)),
    report: ({ waitMs }) =>
      jobs.start('report', '', waitMs, async ({ onProgress }) => (await watch(platform, onProgress)).report),
    featureHistory: (request) => featureHistory(platform, request),
    job: async ({ job }) => jobs.job(job),
    cancelJob: ({ job }) => jobs.cancel(job),
    endLostRuns: (atStart) => endLostRuns(platform, atStart),
    async close() {
      closing.abort()
      await Promise.allSettled([jobs.close(), ...trainings])
    },
  }
}
