/**
 * What people ask a platform to do, as JSON in and JSON out: the same functions answer the command line in a folder and, in the
 * worker process, the routes of a server.
 */
import { noonmarkError } from '../errors.ts'
import type { FeatureHistoryJson, FeatureHistoryRequest, Worker } from '../http/work.ts'
import type { Platform } from '../platform.ts'
import { runJson } from '../registry/index.ts'
import { formatInstant } from '../values/index.ts'
import { featureValues } from './exploring.ts'
import { isReportDue, measureMonitors } from './monitor-reports.ts'
import { catchUpClock } from './monitor-schedule.ts'
import { buildDataset } from './operations-datasets.ts'
import { openJobs } from './operations-jobs.ts'
import { cancelRun, endLostRuns } from './operations-lease.ts'
import { applyFor, planFor, plannedJson, release, rollBack } from './operations-plan.ts'
import { currentRun } from './operations-records.ts'
import { type StartedTraining, startTraining } from './operations-runs.ts'
import { openTurns } from './operations-turns.ts'
import { openOutcomeLookup } from './outcome-lookup.ts'

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
  /** Measures the monitors where new data came and the last report is some minutes old; returns why that failed, if it did. */
  measureNewData(): Promise<string | null>
  /** Whether work is under way, or somebody may still ask for what came of it. */
  readonly busy: boolean
  /** Cancels what runs and waits for it. */
  close(): Promise<void>
}

/** How many runs are trained at a time; each also has a process of its own. */
const trainingsAtATime = 2
/** For how long whoever measures because of new data waits for its end. */
const longestMeasureMs = 600_000

/** Opens the worker. Runs wait for a turn; other long work goes one after another. */
export function openWorker(platform: Platform): OpenWorker {
  const jobs = openJobs()
  const turns = openTurns(trainingsAtATime)
  const outcomes = openOutcomeLookup(platform)
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
      jobs.start('report', '', waitMs, async ({ onProgress }) => {
        const { report } = await measureMonitors(platform, { reason: 'asked', onProgress })
        return report
      }),
    outcomes: ({ asks }) => outcomes.find(asks),
    featureHistory: (request) => featureHistory(platform, request),
    job: async ({ job }) => jobs.job(job),
    cancelJob: ({ job }) => jobs.cancel(job),
    endLostRuns: (atStart) => endLostRuns(platform, atStart),
    async measureNewData() {
      if (closing.signal.aborted || !(await isReportDue(platform))) return null
      await catchUpClock(platform)
      const { error } = await jobs.start('report', '', longestMeasureMs, ({ onProgress }) =>
        measureMonitors(platform, { reason: 'new_data', onProgress }).then(({ report }) => report),
      )
      return error === null || error.code === 'work_cancelled' ? null : `${error.message} ${error.hint} (${error.code})`
    },
    get busy() {
      return jobs.busy || trainings.size > 0
    },
    async close() {
      closing.abort()
      await Promise.allSettled([jobs.close(), ...trainings])
    },
  }
}
